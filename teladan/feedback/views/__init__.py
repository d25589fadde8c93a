"""Pages: the citizen, the counter, the slip."""
