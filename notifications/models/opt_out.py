"""Numbers that want no more SMS."""

from typing import Any, Final

from django.db import models
from django.db.models.functions import Concat
from django.utils.translation import gettext_lazy as _

from askpro.privacy.models.pepper import Pepper, hashed

# So much of the hash fits into the column: 112 bits tell numbers apart.
DIGITS: Final = 28
MARK: Final = "#"


class OptOut(models.Model):
    """A number that wants no more SMS from a sender, for every company that uses the sender.

    Of a person who was erased the row has a hash: STOP holds although the number is not known any more.
    """

    number = models.CharField(_("number"), max_length=32)
    sender = models.CharField(_("sender"), max_length=64, help_text=_("Number, name or messaging service."))
    created_at = models.DateTimeField(_("opted out at"), auto_now_add=True)

    class Meta:
        verbose_name = _("opt-out")
        verbose_name_plural = _("opt-outs")
        constraints = [models.UniqueConstraint("number", "sender", name="opt_out_once")]

    @staticmethod
    def hidden(number: str) -> str:
        """What stands in the place of an erased person's number."""
        return MARK + hashed(number)[:DIGITS]

    @classmethod
    def of(cls, number: str) -> "models.QuerySet[OptOut]":
        """The opt-outs of a number, known or hidden."""
        return cls.objects.filter(number__in=[number, cls.hidden(number)])

    @staticmethod
    def hidden_in_sql(*numbers: Any) -> list[models.Func]:
        """`hidden`, for numbers that are expressions of a query."""
        template = f"'{MARK}' || left(encode(sha256(convert_to(%(expressions)s, 'UTF8')), 'hex'), {DIGITS})"
        pepper = models.Value(Pepper.taken())
        peppered = [Concat(pepper, number, output_field=models.TextField()) for number in numbers]
        return [models.Func(each, template=template, output_field=models.CharField()) for each in peppered]

    def __str__(self) -> str:
        return _("Opt-out %(id)s") % {"id": self.pk}
