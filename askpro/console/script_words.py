"""What Django's scripts say in the browser: its own catalogue, and the German that it lacks."""

from typing import Any, Final

from django.utils.translation import gettext, gettext_noop
from django.views.i18n import JavaScriptCatalog

# Of the two boxes between which permissions are moved.
LACKING: Final = (
    gettext_noop('Choose %s by selecting them and then select the "Choose" arrow button.'),
    gettext_noop("Choose all %s"),
    gettext_noop("Choose selected %s"),
    gettext_noop('Remove %s by selecting them and then select the "Remove" arrow button.'),
    gettext_noop("Remove all %s"),
    gettext_noop("Remove selected %s"),
    gettext_noop("(click to clear)"),
)


class ScriptWords(JavaScriptCatalog):
    """The sentences for scripts in the reader's language; a later Django's own German goes first."""

    packages = ["django.contrib.admin"]

    def get_catalog(self) -> Any:
        return {sentence: gettext(sentence) for sentence in LACKING} | super().get_catalog()
