"""How far the calls of each account at Retell were read. Operators only: a shared account has many companies' calls."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from askpro.console import display
from askpro.console.model_admin import ReadOnlyModelAdmin
from webhooks.models import RetellReading


@admin.register(RetellReading)
class RetellReadingAdmin(ReadOnlyModelAdmin):
    list_display = ("whose", "fingerprint", "known_until", "finished", "refused")
    list_select_related = ("address__company",)
    page_related = ("address__company",)
    empty_text = gettext_lazy(
        "An account appears here when its calls are first read. Enter a key, or run: python3 manage.py sync_retell"
    )

    @admin.display(description=gettext_lazy("Key of"))
    def whose(self, reading: RetellReading) -> str:
        return reading.address.company.name if reading.address else _("This installation")

    @admin.display(description=gettext_lazy("Calls known until"), ordering="read_until")
    def known_until(self, reading: RetellReading) -> SafeString | str:
        return display.minute(reading.read_until)

    @admin.display(description=gettext_lazy("Last complete reading"), ordering="finished_at")
    def finished(self, reading: RetellReading) -> SafeString | str:
        return display.minute(reading.finished_at)

    @admin.display(description=gettext_lazy("Key refused since"), ordering="refused_at")
    def refused(self, reading: RetellReading) -> SafeString | str:
        return display.minute(reading.refused_at)

    def detail(self, request: HttpRequest, reading: RetellReading) -> dict[str, Any]:
        return {
            "headline": _("Retell account %(fingerprint)s") % {"fingerprint": reading.fingerprint},
            "facts": [
                (_("Key of"), display.link(reading.address) if reading.address else _("This installation")),
                (_("Calls known until"), display.moment(reading.read_until)),
                (_("Last complete reading"), display.moment(reading.finished_at)),
                (_("First seen"), display.moment(reading.began_at)),
                (_("Key refused since"), display.moment(reading.refused_at)),
            ],
        }
