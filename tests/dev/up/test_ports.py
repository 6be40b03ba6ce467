import os
import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from askpro.dev.up import ports


@pytest.fixture
def taken() -> Iterator[int]:
    with closing(socket.socket()) as server:
        server.bind((ports.HOST, 0))
        server.listen()
        yield server.getsockname()[1]


def test_it_keeps_the_remembered_port_while_it_is_free() -> None:
    free = ports.choose()

    assert free in ports.OURS
    assert ports.choose(free) == free


def test_it_takes_another_port_when_the_remembered_one_is_taken(taken: int) -> None:
    assert not ports.is_free(taken)
    assert ports.choose(taken) != taken
    assert ports.next_free(taken) > taken


def test_it_names_the_process_that_holds_a_port(taken: int) -> None:
    assert f"(process {os.getpid()})" in ports.holder(taken)


def test_it_knows_nobody_behind_a_free_port() -> None:
    assert ports.holder(ports.choose()) == "another program"
