"""A real sandbox process for the session, emptied before each test, and a listener in AskPro's place."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import pytest
import requests
from openapi_core import OpenAPI
from openapi_core.contrib.requests import RequestsOpenAPIRequest, RequestsOpenAPIResponse

from askpro.dev.sandbox.client import SandboxClient
from askpro.dev.sandbox.testing import running_sandbox
from tests.dev.sandbox.listener import Listener
from tests.dev.sandbox.vendors import CLOCK, Calcom, Retell, Twilio

SPECS = {
    "calcom": "calcom-v2.patched.json",
    "twilio": "twilio_api_v2010.messages.patched.json",
    "retell": "retell.patched.json",
}


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[SandboxClient]:
    with running_sandbox() as client:
        yield client


@pytest.fixture
def sandbox(sandbox_process: SandboxClient) -> SandboxClient:
    """The sandbox, emptied, with nothing listening for webhooks, on 1 December 2026."""
    sandbox_process.reset()
    sandbox_process.switch(webhooks="off", askpro_url="http://127.0.0.1:9", retell_tries=1)
    sandbox_process.set_calcom_clock(CLOCK)
    return sandbox_process


@pytest.fixture
def calcom(sandbox: SandboxClient) -> Calcom:
    return Calcom(sandbox.url)


@pytest.fixture
def twilio(sandbox: SandboxClient) -> Twilio:
    return Twilio(sandbox.url)


@pytest.fixture
def retell(sandbox: SandboxClient) -> Retell:
    return Retell(sandbox.url)


@pytest.fixture
def listener(sandbox: SandboxClient) -> Iterator[Listener]:
    server = Listener()
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    sandbox.switch(askpro_url=server.url, webhooks="blocking")
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def specs(contracts: Path, sandbox_process: SandboxClient) -> dict[str, OpenAPI]:
    """The vendors' specifications, with the sandbox as their server."""
    loaded = {}
    for vendor, name in SPECS.items():
        spec = json.loads((contracts / "specs" / name).read_text())
        spec["servers"] = [{"url": f"{sandbox_process.url}/{vendor}"}]
        for path in spec["paths"].values():
            path.pop("servers", None)
        loaded[vendor] = OpenAPI.from_dict(spec)
    return loaded


@pytest.fixture
def conforms(specs: dict[str, OpenAPI]) -> Callable[[str, requests.Response], None]:
    """Fails if an answer does not match the vendor's specification."""

    def check(vendor: str, response: requests.Response) -> None:
        request = RequestsOpenAPIRequest(response.request)
        specs[vendor].validate_response(request, RequestsOpenAPIResponse(response))

    return check
