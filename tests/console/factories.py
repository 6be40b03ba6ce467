"""Rows for the console's tests and for viewing it: as many as wanted, with texts as people and vendors really write
them, hostile strings included. Every person, number and address is invented."""

import random
from datetime import timedelta

from django.utils import timezone

from appointments.models import Appointment, DailyCount, FollowUp
from askpro.console.models import Deed, Repair, RepairItem
from askpro.privacy.models import Erasure, Item, Read, RetentionCount, RetentionRun
from askpro.queues.chores import schedule
from calls.models import BookingRequest, Branch, Call, Company, Customer, NamePart, PhoneNumber, Service, Staff
from calls.text import name_parts
from tests.console.alerts import make_alerts
from tests.console.fleet import make_fleet, make_snapshots, make_workers
from tests.console.traffic import make_events, make_jobs, make_messages
from tests.console.world import HOSTILE, World

FIRST = [
    "Käthe",
    "Jürgen",
    "Ömer",
    "Zoë",
    "Björn",
    "Anneliese",
    "Søren",
    "Günther",
    "Łukasz",
    "Marie-Luise",
    "Friederike",
    "Özlem",
    "Håkon",
    "Ludmiła",
]
LAST = [
    "Groß",
    "Müller-Lüdenscheidt",
    "Yıldız",
    "Weiß",
    "Schröder",
    "Krämer",
    "Nowak",
    "Þórsson",
    "Köhler",
    "Öztürk",
    "Schönfeld",
    "von-der-Ahe",
]
SAID = [
    ("morgen", "um halb drei"),
    ("nächsten Donnerstag", "so gegen 16 Uhr"),
    ("am 3. Dezember", "10:15"),
    ("Freitag", "irgendwann nachmittags"),
    ("übermorgen", "vierzehn Uhr dreißig"),
]
TRANSCRIPT = """Agent: Salon Käthe Grün, guten Tag, Sie sprechen mit Lina. Was kann ich für Sie tun?
User: Ja, hallo, ich hätte gern einen Termin zum Haareschneiden, wenn's geht {day}, {time}.
Agent: Sehr gern. Bei wem möchten Sie den Termin haben?
User: Am liebsten beim Ömer, aber wenn der nicht kann, ist mir das auch egal.
Agent: {day}, {time}, Haarschnitt bei Ömer Yıldız. Auf welchen Namen darf ich eintragen?
User: {name}. Und schicken Sie mir bitte eine Bestätigung aufs Handy.
Agent: Ist notiert. Sie bekommen gleich eine SMS. Auf Wiederhören!
User: Danke, tschüss!"""


def make_world(calls: int = 12, seed: int = 7, snapshot_days: float = 0.1) -> World:
    """`calls` calls and all the rows that follow from them. Every text of the first call is hostile."""
    world, dice = World(), random.Random(seed)
    _set_up(world)
    _people(world, dice, calls)
    _calls(world, dice, calls)
    _requests(world, dice)
    _appointments(world, dice)
    _follow_ups(world, dice)
    make_events(world, dice)
    make_messages(world, dice)
    make_workers(world)
    make_jobs(world, dice)
    make_fleet(world, dice)
    make_snapshots(dice, days=snapshot_days)
    make_alerts()
    _repairs(world)
    schedule.sync(timezone.now())
    _counts(world, dice)
    _age(world)
    return world


def _repairs(world: World) -> None:
    repair = Repair.objects.create(kind="failures", verb="retry", reason=HOSTILE, total=2, done=1, skipped=1)
    for job, status in zip(world.jobs, ("done", "skipped"), strict=False):
        RepairItem.objects.create(
            repair=repair, key=str(job.pk), status=status, reason="" if status == "done" else "state"
        )


def _set_up(world: World) -> None:
    for index, (name, slug) in enumerate([("Salon Käthe Grün", "salon"), ("Praxis Dr. Weiß-Öztürk", "praxis")]):
        company = Company.objects.create(name=name, slug=slug, calcom_api_key=f"cal_secret_{slug}")
        hours = {"mo": [["09:00", "18:00"]], "di": [["09:00", "12:30"], ["14:00", "18:00"]]}
        place = {"street": "Torstraße 1", "postal_code": "10119", "city": "Berlin", "opening_hours": hours}
        branch = Branch.objects.create(company=company, name="Mitte", phone=f"+493023125{index}50", **place)
        PhoneNumber.objects.create(company=company, branch=branch, number=f"+493023125{index}50")
        for number, title in enumerate(["Haarschnitt", "Färben mit Strähnen", "Erstgespräch (lang)"]):
            Service.objects.create(company=company, name=title, calcom_event_type_id=9000 + index * 10 + number)
        for name in ("Ömer Yıldız", "Käthe Grün"):
            Staff.objects.create(company=company, branch=branch, name=name, email=f"{slug}@example.org")
        world.companies.append(company)


def _people(world: World, dice: random.Random, calls: int) -> None:
    people = [Customer(company=world.companies[0], name=HOSTILE, phone="+4930231250000", email="boese@example.org")]
    for index in range(max(calls // 2, 3)):
        people.append(
            Customer(
                company=world.companies[index % 2],
                name=f"{dice.choice(FIRST)} {dice.choice(LAST)}" if index % 7 else "",
                phone=f"+491555{index:07d}",
                email=f"kunde{index}@example.org" if index % 3 else None,
                sms_consent_at=timezone.now() if index % 2 else None,
            )
        )
    world.customers = Customer.objects.bulk_create(people, batch_size=1000)
    parts = [
        NamePart(company_id=each.company_id, customer=each, part=part)
        for each in world.customers
        for part in name_parts(each.name)
    ]
    NamePart.objects.bulk_create(parts, batch_size=1000)
    for customer in world.customers[:4]:
        read = {"object_id": str(customer.pk), "company_id": customer.company_id, "page": "admin:calls_customer_change"}
        held = Erasure.objects.create(company=customer.company, customers=[customer.pk], state="person", who="lina")
        Item.objects.create(erasure=held, place="booking", subject="uid", state="person", why="no_api")
        Item.objects.create(erasure=held, place="table", subject="calls.Call", state="erased", count=3)
        Read.note(user=None, who=f"Lina of {customer.company.slug}", kind=Read.Kind.CUSTOMER, **read)
    Deed.objects.create(who="Lina of salon", act="numbers", name="Käthe", reason=HOSTILE)
    night = RetentionRun.objects.create(kind="transcripts")
    for company in world.companies:
        RetentionCount.add(night, company.pk, blanked=3, held=1, left=2)
    night.end()


def _calls(world: World, dice: random.Random, calls: int) -> None:
    offices = {company.pk: (company.branches.get(), company.phone_numbers.get()) for company in world.companies}
    now = timezone.now()
    rows = []
    for index in range(calls):
        customer = world.customers[index % len(world.customers)]
        branch, number = offices[customer.company_id]
        started = now - timedelta(minutes=11 * (calls - index), seconds=dice.randrange(60))
        day, time = dice.choice(SAID)
        transcript = TRANSCRIPT.format(day=day, time=time, name=customer.name)
        rows.append(
            Call(
                company=customer.company,
                branch=branch,
                phone_number=number,
                customer=customer if index % 5 else None,
                retell_call_id=f"call_{index:08x}{dice.getrandbits(64):016x}",
                agent_id=HOSTILE[:60] if index == 0 else "agent_b2f6c1d4e8a94f7c",
                direction="inbound",
                from_number=customer.phone or "",
                to_number=number.number,
                status=dice.choice(["ended", "analyzed", "analyzed", "analyzed"]) if index < calls - 1 else "ongoing",
                outcome=["booked", "booked", "follow_up", "no_request", "booked"][index % 5],
                started_at=started,
                ended_at=started + timedelta(seconds=95) if index < calls - 1 else None,
                duration_ms=95_000 + dice.randrange(60_000),
                disconnection_reason="user_hangup",
                transcript=f"{transcript}\nUser: {HOSTILE}" if index == 0 else transcript,
                summary=HOSTILE if index == 0 else "Die Anruferin möchte einen Termin zum Haareschneiden.",
                cost_usd="0.1423",
                variables={"function": {"datum": day, "uhrzeit": time, "name": customer.name, "hostile": HOSTILE}},
                analysis={"call_summary": HOSTILE, "user_sentiment": "Positive", "call_successful": True},
                needs_review=index % 9 == 0,
                review_reasons=[{"code": "ended_by_retell", "facts": {"reason": HOSTILE}}] if index == 0 else [],
            )
        )
    world.calls = Call.objects.bulk_create(rows, batch_size=1000)


def _requests(world: World, dice: random.Random) -> None:
    rows = []
    for call in world.calls:
        if call.outcome not in ("booked", "follow_up"):
            continue
        day, time = dice.choice(SAID)
        rows.append(
            BookingRequest(
                call=call,
                company=call.company,
                status=call.outcome,
                date_words=HOSTILE if call is world.calls[0] else day,
                time_words=time,
                service_words="Haare schneiden und vielleicht noch ein bisschen Farbe in den Ansatz, wenn das geht",
                staff_words="der Ömer",
                name=call.customer.name if call.customer else "Anneliese Groß",
                contact_phone="+491555000001",
                sms_consent=True,
                starts_at=timezone.now() + timedelta(days=3) if call.outcome == "booked" else None,
                unclear="" if call.outcome == "booked" else "window_only",
                notes=HOSTILE if call is world.calls[0] else "",
            )
        )
    world.requests = BookingRequest.objects.bulk_create(rows, batch_size=1000)


def _appointments(world: World, dice: random.Random) -> None:
    offers = {c.pk: (list(c.services.all()), list(c.staff.all())) for c in world.companies}
    rows = []
    for index, request in enumerate(row for row in world.requests if row.status == "booked"):
        services, staff = offers[request.company_id]
        starts = timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=index - 40)
        cancelled = index % 8 == 7
        rows.append(
            Appointment(
                company=request.company,
                branch=request.call.branch,
                customer=request.call.customer,
                staff=dice.choice(staff),
                service=dice.choice(services),
                call=request.call,
                booking_request=request,
                starts_at=starts,
                ends_at=starts + timedelta(minutes=45),
                status="cancelled" if cancelled else "confirmed",
                sync_status="synced",
                attendee_name=request.name,
                attendee_phone=request.contact_phone,
                attendee_email="gast@example.org",
                notes=HOSTILE if index == 0 else "",
                calcom_uid=f"uid{index:09d}{dice.getrandbits(40):010x}",
                calcom_booking_id=900_000 + index,
                cancelled_at=timezone.now() if cancelled else None,
                cancellation_reason="Kundin ist krank geworden." if cancelled else "",
            )
        )
    world.appointments = Appointment.objects.bulk_create(rows, batch_size=1000)


def _follow_ups(world: World, dice: random.Random) -> None:
    reasons = [value for value in FollowUp.Reason.values if value != "review"]
    rows = [
        FollowUp(
            company=world.calls[0].company,
            branch=world.calls[0].branch,
            call=world.calls[0],
            customer=world.customers[0],
            reason="review",
            words=HOSTILE,
            detail="no_event_type",
            detail_facts={"service": HOSTILE[:200]},
            due_at=timezone.now() - timedelta(hours=2),
        )
    ]
    for index, request in enumerate(row for row in world.requests if row.status == "follow_up"):
        rows.append(
            FollowUp(
                company=request.company,
                branch=request.call.branch,
                call=request.call,
                booking_request=request,
                customer=request.call.customer,
                reason=reasons[index % len(reasons)],
                status="open" if index % 3 else "done",
                words="„Also, wenn's geht, irgendwann Freitag nachmittags, aber nicht zu spät, weil ich um sechs die"
                " Kinder abholen muss. Sonst halt die Woche drauf.“",
                detail="window_only",
                alternatives=[(timezone.now() + timedelta(days=2, hours=n)).isoformat() for n in range(3)],
                due_at=timezone.now() + timedelta(hours=index % 60 - 12),
                resolved_at=None if index % 3 else timezone.now(),
            )
        )
    world.follow_ups = FollowUp.objects.bulk_create(rows, batch_size=1000)


def _age(world: World) -> None:
    """Set the time of creation to the end of the call instead of now."""
    ended = {call.pk: call.ended_at or call.started_at for call in world.calls}
    for rows, seconds in ((world.requests, 1), (world.appointments, 2), (world.follow_ups, 2), (world.messages, 2)):
        for row in rows:
            row.created_at = ended[row.call_id] + timedelta(seconds=seconds)
        if rows:
            type(rows[0]).objects.bulk_update(rows, ["created_at"], batch_size=1000)


def _counts(world: World, dice: random.Random) -> None:
    today = timezone.localdate()
    DailyCount.objects.bulk_create(
        DailyCount(
            company=company,
            day=today - timedelta(days=number),
            calls=(calls := dice.randrange(0, 60)),
            requests=calls * 2 // 3,
            bookings=calls // 2,
            follow_ups=calls // 6,
        )
        for company in world.companies
        for number in range(30)
    )
