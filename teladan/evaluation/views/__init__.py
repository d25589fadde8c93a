"""Pages: closing, results and why, the team."""
