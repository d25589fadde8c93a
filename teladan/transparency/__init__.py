"""The public site; reads published releases only, never the tables of other rooms."""
