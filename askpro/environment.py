"""Reads the environment with django-environ, and reports values that cannot be meant."""

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

# In an environment file, systemd, django-environ and sh read a remark behind a value as a part of the value.
REMARK = re.compile(r"(?:^|\s)#(?:\s|$)")


class Environment(environ.Env):
    """Remembers in `remarks` the names of the variables that contain a remark, for `manage.py check`."""

    def __init__(self) -> None:
        super().__init__()
        self.remarks: list[str] = []

    def read_file(self, name: str) -> None:
        """Set variables that are not set yet from a file. Raises `ImproperlyConfigured` if it cannot be read."""
        if not name:
            return
        try:
            with Path(name).open(encoding="utf-8") as file:
                self.read_env(file)
        except (OSError, UnicodeDecodeError) as error:
            raise ImproperlyConfigured(f"ASKPRO_ENV_FILE ({name}) cannot be read: {type(error).__name__}.") from None

    def get_value(self, var: str, *args: Any, **options: Any) -> Any:
        """The variable's value. Raises `ImproperlyConfigured` for one that is not of its type."""
        if REMARK.search(self.ENVIRON.get(var, "")):
            self.remarks.append(var)
        with _told(var):
            value = super().get_value(var, *args, **options)
            if isinstance(value, float) and not math.isfinite(value):
                raise ValueError
        return value

    def db(self, var: str, **options: Any) -> dict[str, Any]:
        """A database, from its URL. Raises `ImproperlyConfigured`."""
        with _told(var):
            return dict(super().db(var, **options))

    def email_url(self, var: str, **options: Any) -> dict[str, Any]:
        """Django's settings for mail, from a URL. Raises `ImproperlyConfigured`."""
        with _told(var):
            return dict(super().email_url(var, **options))


@contextmanager
def _told(var: str) -> Iterator[None]:
    try:
        yield
    except (ValueError, TypeError) as error:
        raise ImproperlyConfigured(
            f"{var} cannot be read ({type(error).__name__}). deploy/env.example shows how it is written;"
            " remarks stand on lines of their own."
        ) from None
