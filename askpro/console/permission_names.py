"""What a permission is called where it is given: Django stores its name in English."""

from typing import Any, Final

from django.contrib.auth.models import Permission
from django.utils.text import capfirst
from django.utils.translation import gettext, gettext_lazy, gettext_noop

# By the beginning of a codename that Django makes for a model.
VERBS: Final[dict[str, Any]] = {
    "add": gettext_lazy("add"),
    "change": gettext_lazy("change"),
    "delete": gettext_lazy("delete"),
    "view": gettext_lazy("view"),
}
# Names that a model's `Meta.permissions` gives, beside those of the console.
OTHERS: Final = (gettext_noop("Can erase a person"), gettext_noop("Can export what is held of a person"))


def told(permission: Permission) -> str:
    """The permission in the reader's language: about which rows, and what may be done."""
    kind = permission.content_type
    verb, _, name = permission.codename.partition("_")
    may = VERBS[verb] if verb in VERBS and name == kind.model else gettext(permission.name)
    return f"{capfirst(kind.name)}: {may}"
