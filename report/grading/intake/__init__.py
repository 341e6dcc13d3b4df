"""What students handed in, from an LMS archive or a folder to lines of text; all of it hostile."""
