"""Recording: one visit to an https address, as a capture with its keys."""
