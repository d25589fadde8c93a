"""Changing cases: what the complainant does (`filing`), what the office does (`handling`), and the step both take."""
