"""Changing: closing and reopening months; rating, signing, acknowledging."""
