"""Few passwords are looked at at the same time, and whoever finds no place is told so at once."""

import threading
from typing import Any

import pytest
from django.contrib.auth import hashers
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from askpro.console.entrance import places


def test_one_is_inside_few_wait_and_the_rest_is_sent_away() -> None:
    inside, most, over, done = [0], [0], threading.Event(), []

    def enter() -> None:
        with places.place():
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            over.wait(10)
            inside[0] -= 1
        done.append(1)

    threads = [threading.Thread(target=enter) for _ in range(places.MOST)]
    for thread in threads:
        thread.start()
    while places._inside._value:
        pass
    with pytest.raises(places.Full), places.place():
        pass
    over.set()
    for thread in threads:
        thread.join(10)

    assert (len(done), most[0]) == (places.MOST, 1)
    with places.place():
        pass


@pytest.mark.django_db
def test_without_a_place_nothing_is_hashed_asked_or_written(monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[Any] = []
    monkeypatch.setattr(hashers.PBKDF2PasswordHasher, "encode", lambda *args: hashed.append(args))
    monkeypatch.setattr(hashers.MD5PasswordHasher, "encode", lambda *args: hashed.append(args))
    for _ in range(places.MOST):
        places._inside.acquire()
    try:
        with CaptureQueriesContext(connection) as asked:
            answer = Client(headers={"Accept-Language": "de"}).post(
                "/admin/login/", {"username": "anna", "password": "x"}
            )
    finally:
        for _ in range(places.MOST):
            places._inside.release()

    assert answer.status_code == 429
    assert "melden sich gerade an" in answer.content.decode()
    assert hashed == []
    assert len(asked) == 0
