"""nginx as the server of a capture, with an access log that says what it knows of each session."""

import re
import ssl
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from authority import Issued, write_server_files
from ends import NGINX_LOG_FORMAT, nginx_sessions
from network import Host
from openssl import PAGE
from scene import Scene


@dataclass(slots=True)
class Nginx:
    """A running nginx; `sessions` reads its access log."""

    process: subprocess.Popen[bytes]
    log: Path
    errors: Path

    def alerts(self) -> list[str]:
        """The alerts that it says it got from clients whose handshake failed."""
        numbers = re.findall(r"SSL alert number (\d+)", self.errors.read_text())
        names = [ssl.AlertDescription(int(number)).name for number in numbers]
        return [name.removeprefix("ALERT_DESCRIPTION_").lower() for name in names]

    def sessions(self) -> list[dict[str, str]]:
        return nginx_sessions(self.log)

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(10)


def serve_nginx(
    scene: Scene,
    certificates: Sequence[Issued],
    *directives: str,
    send: int | None = None,
    listen: str = "443 ssl",
    protocols: str = "TLSv1.2 TLSv1.3",
    name: str = "www.reading.example",
    host: Host | None = None,
) -> Nginx:
    """Start nginx with these certificates and further directives of its server block."""
    label = f"nginx-{len(scene.network.processes)}"
    pages = scene.work / "pages"
    pages.mkdir(exist_ok=True)
    (pages / "index.html").write_text(PAGE)
    chain, key = write_server_files(scene.work, label, certificates, send)
    log = scene.work / f"{label}.log"
    port = int(listen.split()[0].rsplit(":", 1)[-1])
    addresses = (
        f"listen {listen}; listen [::]:{listen};" if ":" not in listen else f"listen {listen};"
    )
    configuration = scene.work / f"{label}.conf"
    configuration.write_text(
        f"daemon off; user root; worker_processes 1; pid {scene.work}/{label}.pid;"
        " error_log stderr info; events {} http { types { text/html html; }"
        f" {NGINX_LOG_FORMAT} access_log {log} ends;"
        f" server {{ {addresses} server_name {name}; root {pages};"
        f" ssl_protocols {protocols}; ssl_certificate {chain}; ssl_certificate_key {key};"
        f" {' '.join(directives)} }} }}\n"
    )
    where = host or scene.server
    errors = scene.work / f"{label}.out"
    process = where.start(["nginx", "-c", str(configuration)], ports=[port], log=errors)
    return Nginx(process, log, errors)
