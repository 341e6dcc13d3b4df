"""The corpus: captures in `traces/`, and what is known of each in its truth file."""
