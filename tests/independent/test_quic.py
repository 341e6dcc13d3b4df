"""QUIC: the sample packets of RFC 9001 appendix A."""

from tests.independent.packets import Datagram
from tests.independent.quic import quic_connections

CLIENT, SERVER = ("192.0.2.1", 50000), ("198.51.100.1", 443)
# Appendix A.2: the header, protected, then the beginning of the protected payload; A.3: the
# server's whole Initial packet.
SERVER_INITIAL = bytes.fromhex(
    "cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a"
    "5816b6394100f37a1c69797554780bb38cc5a99f5ede4cf73c3ec2493a1839b3"
    "dbcba3f6ea46c5b7684df3548e7ddeb9c3bf9c73cc3f3bded74b562bfb19fb84"
    "022f8ef4cdd93795d77d06edbb7aaf2f58891850abbdca3d20398c276456cbc4"
    "2158407dd074ee"
)
EMPTY_CLIENT_INITIAL = bytes.fromhex("c00000000108") + bytes.fromhex("8394c8f03e515708")
SERVER_RANDOM = "eefce7f7b37ba1d1632e96677825ddf73988cfc79825df566dc5430b9a045a12"


def test_opens_the_sample_initial_packet_of_the_server() -> None:
    # Its keys follow from the client's connection id alone; the packet that brings it need not
    # open. Two zero lengths (source id, token), a length of 20, then nothing that is sealed.
    client = EMPTY_CLIENT_INITIAL + b"\x00\x00\x14" + bytes(20)
    datagrams = [Datagram(1, CLIENT, SERVER, client), Datagram(2, SERVER, CLIENT, SERVER_INITIAL)]
    (connection,) = quic_connections(datagrams, {})
    (message,) = connection.messages
    assert (message.sender, message.name, message.frame) == ("server", "Server Hello", 2)
    assert message.body[2:34].hex() == SERVER_RANDOM
