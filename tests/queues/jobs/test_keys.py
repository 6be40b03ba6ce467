"""Keys that are too long for their column."""

import pytest
from django.db import transaction

from askpro.queues import interventions, keys, once
from askpro.queues.models import Job
from askpro.queues.testing import run_jobs
from tests.queues import actors

pytestmark = pytest.mark.django_db

LONG = "ü" * 300


@pytest.mark.parametrize(("fit", "longest"), [(keys.key, keys.LONGEST), (keys.tag, keys.LONGEST_TAG)])
def test_what_fits_stays_and_what_does_not_stays_apart(fit, longest):
    assert fit("call:1") == "call:1"
    assert fit("x" * longest) == "x" * longest
    shortened = {fit(f"{LONG}{number}") for number in range(3)}
    assert len(shortened) == 3
    assert {len(text) for text in shortened} == {longest}


def test_a_long_key_claims_its_own_effect_only():
    with transaction.atomic():
        assert once(f"{LONG}1")
        assert once(f"{LONG}2")
        assert not once(f"{LONG}1")


def test_long_keys_of_jobs_are_told_apart_and_places_fit_behind_them():
    for number in range(3):
        actors.long_keys.send(text=f"{LONG}{number}")
    assert Job.objects.values("fair_key").distinct().count() == Job.objects.count() == 3
    assert run_jobs() == [("long_keys", "completed")] * 3


def test_a_long_tag_finds_its_jobs():
    for number in range(2):
        actors.long_keys.send(text=f"{LONG}{number}")
    assert interventions.cancel_tagged(f"text:{LONG}1") == 1
