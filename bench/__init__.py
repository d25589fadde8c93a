"""Measurements of speed and memory, each beside something bare on the same server: `python -m bench --help`."""
