"""Permissions as far as they go: to rows of one's companies, or to everything."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User

from askpro.console.scope import Scope

_KEPT = "_permissions_in_scope"


class ScopedBackend(ModelBackend):
    """Django's own, without the permissions that a person's scope does not reach."""

    def get_user(self, user_id: int) -> User | None:
        """With what each page asks about the person: her second factor."""
        user = User.objects.select_related("second_factor").filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        if not hasattr(user_obj, _KEPT):
            setattr(user_obj, _KEPT, Scope.of(user_obj).permissions(super().get_all_permissions(user_obj)))
        kept: set[str] = getattr(user_obj, _KEPT)
        return kept if obj is None else set()
