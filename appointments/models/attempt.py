"""Attempts to reach a caller."""

from django.db import models

from appointments.models.follow_up import FollowUp
from askpro.encryption import SealedTextField


class Attempt(models.Model):
    """Somebody tried to reach the caller of a follow-up, in vain, and said when to try again."""

    follow_up = models.ForeignKey(FollowUp, on_delete=models.CASCADE, related_name="attempts")
    user = models.ForeignKey("auth.User", on_delete=models.SET_NULL, null=True, related_name="+")
    again_at = models.DateTimeField()
    note = SealedTextField(blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"Attempt {self.pk}"
