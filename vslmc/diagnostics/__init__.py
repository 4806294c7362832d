"""Diagnostics: their type, the catalogue of all of them, and their rendering."""
