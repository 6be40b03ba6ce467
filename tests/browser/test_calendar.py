"""The calendar tells by heights and places what it says in words."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from appointments.models import Appointment
from tests.console.world import World

pytestmark = pytest.mark.browser

# Pixels of a quarter of an hour, and of the gap around an appointment.
QUARTER, GAP = 20, 2


def test_an_appointment_is_as_high_as_it_is_long(console: Any, live_server: Any, console_world: World) -> None:
    first, second = console_world.appointments[:2]
    noon = timezone.localtime().replace(hour=12, minute=0, second=0, microsecond=0)
    staff = first.company.staff.all()[0]
    # The second one begins within the first, and ends with it.
    for row, begins in ((first, noon), (second, noon + timedelta(minutes=45))):
        Appointment.objects.filter(pk=row.pk).update(
            company=first.company,
            branch=first.branch,
            staff=staff,
            status="confirmed",
            starts_at=begins,
            ends_at=noon + timedelta(minutes=90),
        )

    console.set_viewport_size({"width": 1440, "height": 1000})
    console.goto(f"{live_server.url}{reverse('admin:calendar')}?branch={first.branch_id}&day={noon:%Y-%m-%d}")
    boxes = [console.locator(f".ac-card[href*='/appointment/{row.pk}/']").bounding_box() for row in (first, second)]

    assert [box["height"] for box in boxes] == [6 * QUARTER - GAP, 3 * QUARTER - GAP]
    assert boxes[1]["y"] - boxes[0]["y"] == 3 * QUARTER
    assert boxes[1]["x"] >= boxes[0]["x"] + boxes[0]["width"]
