"""Who may see and change what: guarded loaders, one file per subject."""
