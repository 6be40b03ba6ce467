"""Who sends webhooks."""

from django.db import models


class Provider(models.TextChoices):
    RETELL = "retell", "Retell"
    CALCOM = "calcom", "Cal.com"
    TWILIO = "twilio", "Twilio"
