"""Trace: one capture file, opened safely; the only place that knows tshark and pyshark."""
