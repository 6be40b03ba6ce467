"""nginx with the file that deploy/ has, on ports of its own and with a certificate that was made for it."""

import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPResponse, HTTPSConnection
from pathlib import Path

from askpro.dev.front.certificates import make_certificate
from askpro.dev.up import ports, process
from askpro.dev.up.failure import Failure

SHIPPED = Path(__file__).resolve().parents[3] / "deploy" / "nginx" / "askpro.conf"
NAME = "askpro.example"
FOUND = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
# What Debian's own nginx.conf brings along.
AROUND = """
daemon off; worker_processes 1; pid {home}/pid; error_log {home}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log {home}/access.log;
    client_body_temp_path {home}/body; proxy_temp_path {home}/proxy; fastcgi_temp_path {home}/fastcgi;
    uwsgi_temp_path {home}/uwsgi; scgi_temp_path {home}/scgi;
    include {home}/askpro.conf;
}}
"""


@dataclass(frozen=True, slots=True)
class Front:
    """Where it listens, and what trusts its certificate."""

    http: int
    https: int
    trust: ssl.SSLContext
    name: str = NAME

    def connect(self, name: str = "") -> ssl.SSLSocket:
        plain = socket.create_connection(("127.0.0.1", self.https), 20)
        return self.trust.wrap_socket(plain, server_hostname=name or self.name)

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> HTTPResponse:
        """Ask as somebody on the internet does; the answer is read."""
        connection = HTTPSConnection(self.name, timeout=20)
        connection.sock = self.connect()
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        answer.text = answer.read().decode(errors="replace")  # type: ignore[attr-defined]
        connection.close()
        return answer


@contextmanager
def running(upstream: str, home: Path, name: str = NAME) -> Iterator[Front]:
    """nginx in front of `upstream` (host:port) as the host `name`, until the block ends."""
    if FOUND is None:
        raise Failure("nginx is not installed.", "Install it: apt-get install -y nginx-light")
    http, https = ports.choose(), ports.choose()
    certificate, key = make_certificate(home, name)
    shipped = SHIPPED.read_text()
    for pattern, put in (
        (r"127\.0\.0\.1:8000", upstream),
        (r"server_name askpro\.example;", f"server_name {name};"),
        (r"listen \[::\]:\d+.*\n", "\n"),
        (r"listen 80\b", f"listen 127.0.0.1:{http}"),
        (r"listen 443\b", f"listen 127.0.0.1:{https}"),
        (r"ssl_certificate /.*;", f"ssl_certificate {certificate};"),
        (r"ssl_certificate_key /.*;", f"ssl_certificate_key {key};"),
    ):
        shipped, count = re.subn(pattern, put, shipped)
        if not count:
            raise Failure(f"{SHIPPED} has no {pattern}.")
    (home / "askpro.conf").write_text(shipped)
    (home / "nginx.conf").write_text(AROUND.format(home=home))
    started = subprocess.Popen([FOUND, "-c", str(home / "nginx.conf"), "-e", str(home / "error.log")])
    try:
        process.wait_until(lambda: not ports.is_free(https) or started.poll() is not None, 10)
        if started.poll() is not None:
            raise Failure(f"nginx ended:\n{(home / 'error.log').read_text()}")
        yield Front(http, https, ssl.create_default_context(cafile=str(certificate)), name)
    finally:
        started.terminate()
        started.wait(10)
