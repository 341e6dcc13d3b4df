"""An HTTP/3 server or client on aioquic; one line of JSON for each request that it sees or makes.

quic_ends.py server ADDRESS PORT CERTIFICATES KEY [--retry]
quic_ends.py client ADDRESS PORT NAME ROOTS KEYLOG [--v2]
"""

import asyncio
import json
import sys
from typing import Any

from aioquic.asyncio.client import connect
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.asyncio.server import serve
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import ProtocolNegotiated, QuicEvent
from aioquic.quic.packet import QuicProtocolVersion

PAGE = b"<!doctype html><title>Reading room</title><p>Open from 8 to 22.\n"


class Server(QuicConnectionProtocol):
    http: H3Connection | None = None

    def quic_event_received(self, event: QuicEvent) -> None:
        if isinstance(event, ProtocolNegotiated):
            self.http = H3Connection(self._quic)
        if self.http is None:
            return
        for received in self.http.handle_event(event):
            if isinstance(received, HeadersReceived):
                headers = {name.decode(): value.decode() for name, value in received.headers}
                print(json.dumps({"request": headers[":path"], "name": headers[":authority"]}),
                      flush=True)  # fmt: skip
                answer = [(b":status", b"200"), (b"content-type", b"text/html")]
                self.http.send_headers(received.stream_id, answer)
                self.http.send_data(received.stream_id, PAGE, end_stream=True)
                self.transmit()


class Client(QuicConnectionProtocol):
    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.http = H3Connection(self._quic)
        self.over = asyncio.Event()

    def ask(self, name: str) -> None:
        stream = self._quic.get_next_available_stream_id()
        headers = [(b":method", b"GET"), (b":scheme", b"https"), (b":authority", name.encode()),
                   (b":path", b"/")]  # fmt: skip
        self.http.send_headers(stream, headers, end_stream=True)
        self.transmit()

    def quic_event_received(self, event: QuicEvent) -> None:
        for received in self.http.handle_event(event):
            if isinstance(received, DataReceived) and received.stream_ended:
                self.over.set()


async def run_server(address: str, port: int, certificates: str, key: str, *more: str) -> None:
    configuration = QuicConfiguration(
        is_client=False, alpn_protocols=H3_ALPN, max_datagram_frame_size=65536
    )
    configuration.load_cert_chain(certificates, key)
    await serve(address, port, configuration=configuration, create_protocol=Server,
                retry="--retry" in more)  # fmt: skip
    print("listening", flush=True)
    await asyncio.Event().wait()


async def run_client(
    address: str, port: int, name: str, roots: str, keylog: str, *more: str
) -> None:
    configuration = QuicConfiguration(alpn_protocols=H3_ALPN, server_name=name)
    configuration.load_verify_locations(roots)
    if "--v2" in more:
        configuration.supported_versions = [QuicProtocolVersion.VERSION_2]
        configuration.original_version = QuicProtocolVersion.VERSION_2
    with open(keylog, "a") as keys:
        configuration.secrets_log_file = keys
        async with connect(
            address, port, configuration=configuration, create_protocol=Client
        ) as client:
            assert isinstance(client, Client)
            client.ask(name)
            await asyncio.wait_for(client.over.wait(), 10)
            schedule = client._quic.tls.key_schedule
            assert schedule
            suite = "TLS_" + schedule.cipher_suite.name
            print(json.dumps({"suite": suite}), flush=True)


if __name__ == "__main__":
    mode, address, port, *rest = sys.argv[1:]
    run = run_server if mode == "server" else run_client
    asyncio.run(run(address, int(port), *rest))
