"""Reading: readiness, frozen results, releases, teams."""
