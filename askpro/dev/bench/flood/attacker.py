"""The attacker, a process of its own: `python -m askpro.dev.bench.flood.attacker PORT CERTIFICATE KIND SECONDS`.

It asks as fast as it is answered, over some connections from some addresses, but at most RATE times a second: it runs
on the processors of those whom it attacks.
"""

import asyncio
import itertools
import json
import re
import secrets
import ssl
import sys
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from typing import Any
from urllib.parse import urlencode

from askpro.dev.bench.flood.wire import Connection, written
from askpro.dev.front.nginx import NAME

SLOW_CLIENTS = 200
CONNECTIONS = 40
# A /24 of its own, so that nothing that is counted for it is counted for the vendor.
ADDRESSES = [f"127.0.1.{number}" for number in range(1, 9)]
RATE = 1_000.0
BODY = b'{"event":"call_ended","call":{"call_id":"call_of_nobody_at_all"}}'
LOGIN = "/admin/login/"
FORM = "application/x-www-form-urlencoded"
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')
Attack = Callable[[int, ssl.SSLContext, float], Coroutine[Any, Any, Counter[str]]]


async def slow(port: int, trust: ssl.SSLContext, until: float) -> Counter[str]:
    """Requests with a signature, whose bodies come byte by byte, one a second."""
    begun = written("POST", "/webhooks/retell/", b"", X_Retell_Signature="v=1,d=" + "0" * 64).replace(
        b"Content-Length: 0", b"Content-Type: application/json\r\nContent-Length: 1000"
    )
    statuses: Counter[str] = Counter()

    async def crawl() -> None:
        connection = Connection(port, trust, ADDRESSES[0])
        try:
            _, writer = await connection.open()
            writer.write(begun)
            while time.monotonic() < until:
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(1)
            statuses["held"] += 1
        except OSError as error:
            statuses[type(error).__name__] += 1
        finally:
            connection.close()

    await asyncio.gather(*(crawl() for _ in range(SLOW_CLIENTS)))
    return statuses


async def unsigned(port: int, trust: ssl.SSLContext, until: float) -> Counter[str]:
    """Webhooks without any signature."""
    request = written("POST", "/webhooks/retell/", BODY, Content_Type="application/json")
    return await _flood(port, trust, until, itertools.repeat(request))


async def forged(port: int, trust: ssl.SSLContext, until: float) -> Counter[str]:
    """Webhooks with a signature that looks like one."""
    signature = f"v={time.time_ns() // 1_000_000},d={secrets.token_hex(32)}"
    request = written("POST", "/webhooks/retell/", BODY, Content_Type="application/json", X_Retell_Signature=signature)
    return await _flood(port, trust, until, itertools.repeat(request))


async def logins(port: int, trust: ssl.SSLContext, until: float) -> Counter[str]:
    """Passwords for one name after the other, with the token that a form needs."""
    page = await Connection(port, trust, ADDRESSES[0]).ask(written("GET", LOGIN))
    found = _TOKEN.search(page.body.decode())
    if found is None:
        raise RuntimeError(f"{LOGIN} answered {page.status} without a form.")
    cookie = page.head.partition("csrftoken=")[2].partition(";")[0]

    def tries() -> Iterator[bytes]:
        for number in itertools.count():
            said = {"csrfmiddlewaretoken": found[1], "username": f"anna{number}", "password": "geheim"}
            headers = {"Content_Type": FORM, "Cookie": f"csrftoken={cookie}", "Referer": f"https://{NAME}{LOGIN}"}
            yield written("POST", LOGIN, urlencode(said).encode(), **headers)

    return await _flood(port, trust, until, tries())


async def _flood(port: int, trust: ssl.SSLContext, until: float, requests: Iterator[bytes]) -> Counter[str]:
    statuses: Counter[str] = Counter()
    began, sent = time.monotonic(), itertools.count()

    async def ask(address: str) -> None:
        connection = Connection(port, trust, address)
        while time.monotonic() < until:
            await asyncio.sleep(max(0.0, began + next(sent) / RATE - time.monotonic()))
            statuses[await connection.status(next(requests))] += 1
        connection.close()

    await asyncio.gather(*(ask(address) for address in itertools.islice(itertools.cycle(ADDRESSES), CONNECTIONS)))
    return statuses


KINDS: dict[str, Attack] = {"slow": slow, "unsigned": unsigned, "forged": forged, "logins": logins}


def main(port: str, certificate: str, kind: str, seconds: str) -> None:
    trust = ssl.create_default_context(cafile=certificate)
    statuses = asyncio.run(KINDS[kind](int(port), trust, time.monotonic() + float(seconds)))
    print(json.dumps(statuses))


if __name__ == "__main__":
    main(*sys.argv[1:])
