from collections.abc import Iterator

import pytest

from askpro.sandbox.client import SandboxClient
from askpro.sandbox.testing import running_sandbox


@pytest.fixture(scope="session")
def sandbox() -> Iterator[SandboxClient]:
    with running_sandbox() as client:
        yield client
