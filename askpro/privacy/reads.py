"""Notes who reads personal data in the console: a row's page, a search, an export."""

from typing import Any, Final

from django.contrib.auth import get_user_model
from django.db.models import Model
from django.http import HttpRequest

from askpro.privacy.models.pepper import hashed
from askpro.privacy.models.read import Read

KINDS: Final = frozenset(Read.Kind.values)


def holds_people(model: type[Model]) -> bool:
    """Whether reading rows of this model is noted."""
    return model._meta.label_lower in KINDS


def note_row(request: HttpRequest, row: Model) -> None:
    """Note that a page with this row was asked for; nothing for rows that are about no person."""
    if holds_people(type(row)):
        _note(request, row._meta.label_lower, str(row.pk), getattr(row, "company_id", None))


def note_search(request: HttpRequest, term: str, company_id: int | None = None) -> None:
    """Note that a number, name or address was searched for; `term` in the form in which all its spellings are one."""
    if term:
        _note(request, Read.Kind.SEARCH, hashed_term(term), company_id)


def note_file(request: HttpRequest, model: type[Model]) -> None:
    """Note that a list was taken away as a file; nothing for rows that are about no person."""
    if holds_people(model):
        _note(request, Read.Kind.EXPORT, model._meta.label_lower, None)


def note_reveal(request: HttpRequest, key: str) -> None:
    """Note that masked data was revealed on a page; `key` names its row or its address."""
    _note(request, Read.Kind.REVEAL, key, None)


def hashed_term(term: str) -> str:
    """What stands in a search's row in place of what was looked for."""
    return hashed(" ".join(term.casefold().split()))


def _note(request: HttpRequest, kind: str, object_id: str, company_id: int | None) -> None:
    user = request.user if isinstance(request.user, get_user_model()) else None
    if user is not None:
        page = request.resolver_match.view_name if request.resolver_match else request.path
        Read.note(user=user, who=user.get_username(), kind=kind, object_id=object_id, company_id=company_id, page=page)


def note_command(who: str, kind: Read.Kind, object_id: str, page: str, company_id: int | None = None) -> None:
    """Note what a command has read."""
    Read.note(user=None, who=who, kind=kind, object_id=object_id, company_id=company_id, page=page)


def note_export(user: Any, object_id: str, page: str, company_id: int | None = None) -> None:
    """Note that all that is held of a person was handed out."""
    Read.note(
        user=user,
        who=user.get_username(),
        kind=Read.Kind.EXPORT,
        object_id=object_id,
        company_id=company_id,
        page=page,
    )
