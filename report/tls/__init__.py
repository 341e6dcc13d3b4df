"""What the protocol says: names, suites, key schedules and certificate rules; no capture, no pandas."""
