"""Tests that take minutes or hours: `python -m tests.long --help`."""
