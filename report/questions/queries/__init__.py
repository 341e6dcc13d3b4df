"""The named queries, one file per phase of the session; importing this registers them all."""

from report.questions.queries import (
    certificate,
    client_hello,
    closing,
    data,
    key_exchange,
    server_hello,
    tcp,
)
from report.questions.registry import QUERIES

__all__ = [
    "QUERIES",
    "certificate",
    "client_hello",
    "closing",
    "data",
    "key_exchange",
    "server_hello",
    "tcp",
]
