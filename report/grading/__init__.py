"""Marks for what students handed in, against their own capture."""
