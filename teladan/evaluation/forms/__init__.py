"""HTTP text to clean values, one file per subject."""
