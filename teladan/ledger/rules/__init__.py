"""Pure: the tree, its tiles, the text formats, and who goes into a batch."""
