"""Pages: the complainant without account, the handler, the complained-of, and those who watch over them."""
