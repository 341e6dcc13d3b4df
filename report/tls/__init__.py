"""What the protocol says: names, suites, key schedules, certificate rules; no capture here."""
