"""nginx with the file that deploy/ has, on ports of its own and with a certificate that was made for it."""

import datetime
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

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from askpro.dev.up import ports, process

SHIPPED = Path(__file__).resolve().parents[2] / "deploy" / "nginx" / "askpro.conf"
NAME = "askpro.example"
FOUND = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
# What Debian's own nginx.conf brings along.
AROUND = """
daemon off; worker_processes 1; pid {home}/pid; error_log {home}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off;
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

    def connect(self, name: str = NAME) -> ssl.SSLSocket:
        return self.trust.wrap_socket(socket.create_connection(("127.0.0.1", self.https), 20), server_hostname=name)

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> HTTPResponse:
        """Ask as somebody on the internet does; the answer is read."""
        connection = HTTPSConnection(NAME, timeout=20)
        connection.sock = self.connect()
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        answer.text = answer.read().decode(errors="replace")  # type: ignore[attr-defined]
        connection.close()
        return answer


@contextmanager
def running(upstream: str, home: Path) -> Iterator[Front]:
    """nginx in front of `upstream` (host:port), until the block ends."""
    assert FOUND
    http, https = ports.choose(), ports.choose()
    certificate, key = _certificate(home)
    shipped = SHIPPED.read_text()
    for pattern, put in (
        (r"127\.0\.0\.1:8000", upstream),
        (r"listen \[::\]:\d+.*\n", "\n"),
        (r"listen 80\b", f"listen 127.0.0.1:{http}"),
        (r"listen 443\b", f"listen 127.0.0.1:{https}"),
        (r"ssl_certificate /.*;", f"ssl_certificate {certificate};"),
        (r"ssl_certificate_key /.*;", f"ssl_certificate_key {key};"),
    ):
        shipped, count = re.subn(pattern, put, shipped)
        assert count, pattern
    (home / "askpro.conf").write_text(shipped)
    (home / "nginx.conf").write_text(AROUND.format(home=home))
    started = subprocess.Popen([FOUND, "-c", str(home / "nginx.conf"), "-e", str(home / "error.log")])
    try:
        assert process.wait_until(lambda: not ports.is_free(https) or started.poll() is not None, 10)
        assert started.poll() is None, (home / "error.log").read_text()
        yield Front(http, https, ssl.create_default_context(cafile=str(certificate)))
    finally:
        started.terminate()
        started.wait(10)


def _certificate(home: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, secret = home / "certificate.pem", home / "key.pem"
    certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate, secret
