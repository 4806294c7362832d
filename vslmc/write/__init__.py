"""Packages to files: atomically, and never over somebody's own work."""
