"""Tables: the pandas frames packets, connections, records, messages and certificates."""
