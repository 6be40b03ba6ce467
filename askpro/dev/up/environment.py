"""The environment of the processes on this machine: addresses, and the keys made for it."""

import json
import os
from pathlib import Path

from askpro.dev.sandbox.slack import HOOK as SLACK_HOOK
from askpro.dev.up.home import Home

# All that settings.py reads about vendors and mail: a person's real keys must never reach a test.
VENDORS = (
    "RETELL_BASE_URL", "RETELL_API_KEYS", "CALCOM_BASE_URL", "CALCOM_API_KEY", "CALCOM_WEBHOOK_SECRETS",
    "CALCOM_ASKS_FOR_HOSTS", "RETELL_REQUESTS_PER_MINUTE", "RETELL_LONGEST_CALL",
    "CALCOM_REQUESTS_PER_MINUTE", "TWILIO_REQUESTS_PER_MINUTE", "MAILS_PER_MINUTE",
    "TWILIO_BASE_URL", "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKENS", "TWILIO_SHARED_KEYS", "TWILIO_MESSAGING_SERVICE_SID",
    "EMAIL_URL", "DEFAULT_FROM_EMAIL", "OPS_EMAILS", "ALERT_EMAILS", "ALERT_ESCALATION_EMAILS",
    "ALERT_SLACK_URL", "ALERT_SMS_TO", "ALERT_SMS_FROM", "ALERT_LANGUAGE", "ALERT_QUIET_HOURS", "ALERT_TIMEOUT",
    "WATCH_THRESHOLDS", "WATCH_PACE", "WATCH_DAYS", "WATCH_DISKS", "SANDBOX_URL", "SENTRY_DSN",
)  # fmt: skip


def of_up(home: Home, port: int, sandbox_http: int, sandbox_smtp: int) -> dict[str, str]:
    """What web, workers and sandbox share: the vendors' base URLs lead to the sandbox, and their keys are made here."""
    sandbox = f"http://127.0.0.1:{sandbox_http}"
    return {
        "ASKPRO_ENV": "local",
        "ASKPRO_HOME": str(home.path),
        "ASKPRO_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "SECRET_KEY": os.environ.get("SECRET_KEY") or home.secret("secret_key", size=32),
        "DATA_KEYS": os.environ.get("DATA_KEYS") or home.secret("data_key", size=32),
        "ASKPRO_ADMIN_USER": "admin",
        "ASKPRO_ADMIN_PASSWORD": home.secret("admin_password", size=6),
        "SANDBOX_URL": sandbox,
        "SANDBOX_HTTP_PORT": str(sandbox_http),
        "SANDBOX_SMTP_PORT": str(sandbox_smtp),
        "RETELL_BASE_URL": f"{sandbox}/retell",
        "CALCOM_BASE_URL": f"{sandbox}/calcom",
        "TWILIO_BASE_URL": f"{sandbox}/twilio",
        "EMAIL_URL": f"smtp://127.0.0.1:{sandbox_smtp}",
        "ALERT_EMAILS": "ops@askpro.example",
        "ALERT_SLACK_URL": f"{sandbox}{SLACK_HOOK}",
        "ALERT_SMS_TO": "+4915112345678",
        "RETELL_API_KEYS": home.secret("retell_api_key", "key_"),
        "CALCOM_API_KEY": home.secret("calcom_api_key", "cal_"),
        "CALCOM_WEBHOOK_SECRETS": home.secret("calcom_webhook_secret"),
        "TWILIO_ACCOUNT_SID": home.secret("twilio_account_sid", "AC"),
        "TWILIO_AUTH_TOKENS": home.secret("twilio_auth_token"),
        "TWILIO_MESSAGING_SERVICE_SID": home.secret("twilio_messaging_service_sid", "MG"),
    }


def of_tests(home: Home) -> dict[str, str]:
    """This process's environment without vendors' keys and with a state folder of the tests' own."""
    kept = {name: value for name, value in os.environ.items() if name not in VENDORS}
    return {
        **kept,
        "ASKPRO_ENV": "testing",
        "ASKPRO_HOME": str(home.path),
        "SECRET_KEY": home.secret("secret_key", size=32),
        "DATA_KEYS": home.secret("data_key", size=32),
    }


def publish(home: Home, env: dict[str, str]) -> None:
    """Let other commands of this checkout (`demo_call`, `shell`) find what `up` runs."""
    home.remember(environment=env)


def adopt(root: Path) -> None:
    """Give a Django command the environment that `up` published, unless the caller has set DATABASE_URL."""
    if "DATABASE_URL" in os.environ or "ASKPRO_ENV_FILE" in os.environ:
        return
    state = Home.of(root).path / "state.json"
    try:
        published = json.loads(state.read_text(encoding="utf-8")).get("environment", {})
    except (OSError, ValueError):
        return
    for name, value in published.items():
        os.environ.setdefault(name, value)
