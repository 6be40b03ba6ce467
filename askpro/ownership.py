"""A job works on rows of its company only: what its arguments name is looked up before it starts."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from django.apps import apps
from django.db import models

from askpro.queues.errors import Rejected

COMPANY: Final = "company_id"
# Where a job's word for a row is not its model's name.
ALIASES: Final = {"request_id": "calls.BookingRequest", "number_id": "calls.PhoneNumber"}


def check(arguments: Mapping[str, Any]) -> None:
    """Raises `Rejected` if a row that the arguments name belongs to another company than they say.

    A row that does not exist, or has no company, is the job's own matter.
    """
    company_id = arguments.get(COMPANY)
    for name, value in arguments.items() if company_id is not None else ():
        model = owned().get(name)
        if model is None or value is None:
            continue
        owner = model._base_manager.filter(pk=value).values_list(COMPANY, flat=True).first()
        if owner is not None and owner != company_id:
            raise Rejected(f"{name} {value} does not belong to company {company_id}: the job was sent with wrong ids.")


@cache
def owned() -> dict[str, type[models.Model]]:
    """The models whose rows belong to a company, by the name of an argument that has the id of one."""
    found = {_argument(model.__name__): model for model in apps.get_models() if _has_company(model)}
    return found | {name: apps.get_model(label) for name, label in ALIASES.items()}


def _has_company(model: type[models.Model]) -> bool:
    return any(field.attname == COMPANY for field in model._meta.concrete_fields)


def _argument(name: str) -> str:
    words = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
    return f"{words.strip('_')}_id"
