"""HTML, PDF and JSON: pure views of answers."""
