"""The product's models. Tests of the benchmark load its models too, which have no tables in other tests' databases."""

from django.apps import apps
from django.db.models import Model

DEVELOPMENT = ("askpro.dev.", "tests.")


def stored_models() -> list[type[Model]]:
    return [model for model in apps.get_models() if not model.__module__.startswith(DEVELOPMENT)]
