"""TLS in front of a server that has none: the wheel's Valkey is built without it."""

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from askpro.dev.up import ports

HOST = "127.0.0.1"


@contextmanager
def tls_front(port: int, certificate: Path, key: Path) -> Iterator[int]:
    """The port at which what stands at `port` is reached by TLS, until the block ends."""
    front, ready, over = ports.choose(), threading.Event(), threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(front, port, (certificate, key), ready, over)))
    thread.start()
    assert ready.wait(10)
    try:
        yield front
    finally:
        over.set()
        thread.join(10)


async def _serve(front: int, port: int, pair: tuple[Path, Path], ready: threading.Event, over: threading.Event) -> None:
    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind_reader, behind_writer = await asyncio.open_connection(HOST, port)
        await asyncio.gather(_copy(reader, behind_writer), _copy(behind_reader, writer))

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*pair)
    async with await asyncio.start_server(pass_on, HOST, front, ssl=context):
        ready.set()
        while not over.is_set():
            await asyncio.sleep(0.02)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()
