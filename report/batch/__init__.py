"""A class at once, resumable."""
