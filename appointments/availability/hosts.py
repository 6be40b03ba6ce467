"""Whether Cal.com is asked for the person whom a caller wishes for."""

from django.conf import settings

from calls.models import Service, Staff


def wished_host(service: Service, staff: Staff | None) -> int | None:
    """The wished person's Cal.com user, where the installation asks for hosts and the service has several; else None.

    Cal.com takes it in its source code, not in its published specification: whoever was booked is read back.
    """
    if not settings.CALCOM_ASKS_FOR_HOSTS or staff is None or staff.calcom_user_id is None:
        return None
    others = service.staff.filter(is_active=True, calcom_user_id__isnull=False).exclude(pk=staff.pk)
    return staff.calcom_user_id if others.exists() else None
