"""Settings, root URLs, command line, supervisor. Knows every room; no room knows it."""
