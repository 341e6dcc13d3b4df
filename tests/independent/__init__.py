"""A second reader of captures, to hold the program against.

It shares nothing with `report` and calls no program of Wireshark's: dpkt reads the packets,
`cryptography` the certificates and ciphertexts, and the rest follows the RFCs. Slow and plain on
purpose. `facts(path, keylog)` reads a capture; `expected_tls_v8_1(facts, connection)` answers the
lab's questions from it.
"""

from tests.independent.expected import Expected, expected_tls_v8_1
from tests.independent.reader import Connection, Facts, choose, facts

__all__ = ["Connection", "Expected", "Facts", "choose", "expected_tls_v8_1", "facts"]
