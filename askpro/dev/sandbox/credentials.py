"""The keys that AskPro and the sandbox share. They are made up and work on this machine only."""

from dataclasses import dataclass

from django.conf import settings

LOCAL = {
    "RETELL_API_KEYS": "key_sandbox_0000000000000001",
    "CALCOM_API_KEY": "cal_sandbox_0000000000000001",
    "CALCOM_WEBHOOK_SECRETS": "cal_whsec_sandbox_0001",
    "TWILIO_ACCOUNT_SID": "AC" + "5a" * 16,
    "TWILIO_AUTH_TOKENS": "5b" * 16,
    "TWILIO_MESSAGING_SERVICE_SID": "MG" + "5c" * 16,
}


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the stand-ins accept, and what they sign their webhooks with."""

    retell_keys: tuple[str, ...]
    calcom_key: str
    calcom_secret: str
    account_sid: str
    auth_token: str
    messaging_service: str

    @classmethod
    def from_settings(cls) -> "Credentials":
        """The keys in AskPro's settings; those that are empty come from `LOCAL`."""
        return cls(
            retell_keys=tuple(settings.RETELL_API_KEYS or [LOCAL["RETELL_API_KEYS"]]),
            calcom_key=settings.CALCOM_API_KEY or LOCAL["CALCOM_API_KEY"],
            calcom_secret=(settings.CALCOM_WEBHOOK_SECRETS or [LOCAL["CALCOM_WEBHOOK_SECRETS"]])[0],
            account_sid=settings.TWILIO_ACCOUNT_SID or LOCAL["TWILIO_ACCOUNT_SID"],
            auth_token=(settings.TWILIO_AUTH_TOKENS or [LOCAL["TWILIO_AUTH_TOKENS"]])[0],
            messaging_service=settings.TWILIO_MESSAGING_SERVICE_SID or LOCAL["TWILIO_MESSAGING_SERVICE_SID"],
        )


def environment(sandbox_url: str, smtp_port: int) -> dict[str, str]:
    """The environment in which AskPro talks only to the sandbox."""
    return LOCAL | {
        "SANDBOX_URL": sandbox_url,
        "RETELL_BASE_URL": f"{sandbox_url}/retell",
        "CALCOM_BASE_URL": f"{sandbox_url}/calcom",
        "TWILIO_BASE_URL": f"{sandbox_url}/twilio",
        "EMAIL_URL": f"smtp://127.0.0.1:{smtp_port}",
    }
