"""Each role's home page, worklists and search; composes the rooms."""
