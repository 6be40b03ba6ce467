import pytest
from django.conf import settings
from django.db import connection

from askpro.dev.up.failure import Failure
from askpro.dev.up.home import Home
from askpro.dev.up.servers import Servers, create_database


def url_of(name: str) -> str:
    values = settings.DATABASES["default"]
    return f"postgres://{values['USER']}:{values['PASSWORD']}@{values['HOST']}:{values['PORT']}/{name}"


@pytest.fixture
def new_name() -> str:
    """Like the test database's own name, so that two workers never meet."""
    return f"{connection.settings_dict['NAME']}_made"


@pytest.mark.django_db(transaction=True)
def test_it_starts_no_server_when_the_environment_names_both(
    home: Home, monkeypatch: pytest.MonkeyPatch, new_name: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", url_of(new_name))
    monkeypatch.setenv("REDIS_URL", "redis://elsewhere:6379/0")

    try:
        with Servers(home) as servers:
            assert servers.env == {"DATABASE_URL": url_of(new_name), "REDIS_URL": "redis://elsewhere:6379/0"}
            assert servers.revive() == []
        create_database(url_of(new_name))  # it is there already
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_database WHERE datname = %s", [new_name])
            assert cursor.fetchone() == (1,)
        assert not list(home.path.glob("postgres-*"))
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{new_name}"')


def test_it_says_what_is_wrong_without_the_password(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://askpro:hidden-word@127.0.0.1:1/askpro")
    monkeypatch.setenv("REDIS_URL", "redis://elsewhere:6379/0")

    with pytest.raises(Failure, match=r"127\.0\.0\.1:1 refuses") as failure:
        Servers(home).start()

    assert "hidden-word" not in str(failure.value)
    assert "unset it" in str(failure.value)
