"""labshark: from a packet capture of a TLS session to a lab report that proves itself."""

__version__ = "0.1.0"
