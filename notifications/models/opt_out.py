"""Numbers that want no more SMS."""

from django.db import models


class OptOut(models.Model):
    """A number that wants no more SMS from a sender, for every company that uses the sender."""

    number = models.CharField(max_length=32)
    sender = models.CharField(max_length=64, help_text="Number, name or messaging service.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint("number", "sender", name="opt_out_once")]

    def __str__(self) -> str:
        return f"Opt-out {self.pk}"
