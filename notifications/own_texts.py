"""Companies' own texts in place of the shipped ones, and what is done about one that no longer works."""

import logging

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone, translation

from appointments.models import Detail, FollowUp
from calls.models.company import CALL_BACK_WITHIN
from notifications import staff
from notifications.models import MessageTemplate, Notification
from notifications.text.shipped import Written

log = logging.getLogger(__name__)


def own_text(notification: Notification) -> Written | None:
    """The company's own text for this message if it has one in use, else None, and the shipped one is sent.

    One that an older release saved and this one cannot fill is taken out of use, and a person is told, once.
    """
    template = MessageTemplate.objects.filter(
        company_id=notification.company_id,
        kind=notification.kind,
        channel=notification.channel,
        language=notification.language,
        is_active=True,
    ).first()
    if template is None:
        return None
    try:
        template.clean()
    except ValidationError:
        _retire(template)
        return None
    return Written(template.text, template.subject)


def _retire(template: MessageTemplate) -> None:
    log.error("message template %s: not readable, the shipped text is sent", template.pk)
    with transaction.atomic():
        if not template.retire():
            return
        detail = Detail.TEXT_UNUSABLE
        with translation.override(template.company.language):
            text = str(template)
        follow_up = FollowUp.objects.create(
            company=template.company,
            reason=FollowUp.Reason.TEXT_UNUSABLE,
            detail=detail,
            detail_facts=detail.checked({"text": text}),
            due_at=timezone.now() + CALL_BACK_WITHIN,
        )
        staff.tell(follow_up)
