"""The whole week, written to an empty database."""

from datetime import datetime

from askpro.dev.pictures.week.bookings import make_bookings
from askpro.dev.pictures.week.diary import Diary
from askpro.dev.pictures.week.figures import make_figures
from askpro.dev.pictures.week.fleet import make_fleet, make_workers
from askpro.dev.pictures.week.jobs import Ledger
from askpro.dev.pictures.week.messages import make_messages
from askpro.dev.pictures.week.people import make_people
from askpro.dev.pictures.week.places import make_places
from askpro.dev.pictures.week.records import make_records
from askpro.dev.pictures.week.rows import Week
from askpro.dev.pictures.week.talks import make_talks
from askpro.dev.pictures.week.trouble import make_trouble
from askpro.dev.pictures.week.webhooks import make_webhooks


def make_week(now: datetime) -> Week:
    """The week that ends at `now`, in the zone of the companies. The same moment gives the same week."""
    week = Week(now)
    make_places(week)
    make_people(week)
    diary = Diary(week)
    wishes = make_talks(week, diary)
    make_bookings(week, diary, wishes)
    make_messages(week)
    make_webhooks(week)
    make_workers(week)
    Ledger(week).make()
    make_fleet(week)
    make_figures(week)
    make_trouble(week)
    make_records(week)
    return week
