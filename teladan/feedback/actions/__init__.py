"""Changing: serving, tickets, casting, sealing, outside ratings."""
