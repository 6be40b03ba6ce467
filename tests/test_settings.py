"""What a production installation does when a variable was forgotten."""

import os
import subprocess
import sys

import pytest


def setting(name: str, environment: str, **more: str) -> str:
    """A setting's value in a process that nobody gave more than its environment's name and a key."""
    kept = {key: value for key, value in os.environ.items() if key in ("PATH", "PYTHONPATH")}
    env = {**kept, "ASKPRO_ENV": environment, "SECRET_KEY": "x" * 50, **more}
    program = f"from askpro import settings; print(settings.{name})"
    done = subprocess.run(
        [sys.executable, "-c", program], env=env, capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("environment", "backend"),
    [("production", "askpro.smtp.EmailBackend"), ("testing", "django.core.mail.backends.console.EmailBackend")],
)
def test_it_never_writes_mails_into_the_log_of_production(environment: str, backend: str) -> None:
    assert setting("EMAIL_BACKEND", environment) == backend
