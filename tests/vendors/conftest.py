from collections.abc import Iterator

import pytest

from askpro.dev.sandbox.client import SandboxClient
from askpro.dev.sandbox.testing import running_sandbox


@pytest.fixture(scope="session")
def sandbox() -> Iterator[SandboxClient]:
    with running_sandbox() as client:
        yield client
