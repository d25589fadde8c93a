"""Teladan: performance management for civil servants that listens to the citizens they serve."""

__version__ = "0.1.0"
