"""HTTP over TLS as an attacker or a vendor speaks it: by asyncio, one connection a task, from any address of 127/8."""

import asyncio
import ssl
from dataclasses import dataclass

from askpro.dev.front.nginx import NAME

# Seconds for one answer.
LONGEST = 20.0


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    head: str
    body: bytes


class Connection:
    """Opened when something is asked, and again when the server has closed it."""

    def __init__(self, port: int, trust: ssl.SSLContext, address: str = "127.0.0.1", name: str = NAME) -> None:
        self._port, self._trust, self._address, self._name = port, trust, address, name
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is None:
            self._streams = await asyncio.open_connection(
                "127.0.0.1", self._port, ssl=self._trust, server_hostname=self._name, local_addr=(self._address, 0)
            )
        return self._streams

    async def ask(self, request: bytes) -> Answer:
        """The answer. Raises `OSError` and `asyncio.IncompleteReadError` when the connection ends before it."""
        async with asyncio.timeout(LONGEST):
            reader, writer = await self.open()
            try:
                writer.write(request)
                return await _answer(reader)
            except BaseException:
                self.close()
                raise

    async def status(self, request: bytes) -> str:
        """The answer's status, or the name of the error that came in place of an answer."""
        try:
            return str((await self.ask(request)).status)
        except (OSError, EOFError, TimeoutError) as error:
            return type(error).__name__

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None


def written(method: str, path: str, body: bytes = b"", host: str = NAME, **headers: str) -> bytes:
    """A whole request to `host`; `_` in a header's name stands for `-`."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


async def _answer(reader: asyncio.StreamReader) -> Answer:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    status, folded = int(head.split(" ", 2)[1]), head.casefold()
    if "transfer-encoding: chunked" in folded:
        return Answer(status, head, await _chunks(reader))
    length = folded.partition("content-length:")[2].partition("\r")[0].strip()
    return Answer(status, head, await reader.readexactly(int(length or 0)))


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int(await reader.readline(), 16):
        body += await reader.readexactly(size)
        await reader.readline()
    await reader.readline()
    return body
