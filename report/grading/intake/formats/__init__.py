"""One reader per kind of write-up; they run in a child process that may be killed."""
