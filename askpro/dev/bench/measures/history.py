"""How much millions of finished jobs in the ledger slow down those that run."""

from datetime import UTC, date, datetime, timedelta

from django.db import connection

from askpro.dev.bench.figures import Figure, Target
from askpro.dev.bench.measures.rounds import Rounds
from askpro.dev.bench.measures.throughput import EMPTY
from askpro.dev.bench.report import Report
from askpro.dev.bench.session import Session
from askpro.dev.bench.sides.arena import rest
from askpro.queues.ledger.database import DjangoConnection
from askpro.queues.ledger.history import prepare_days, table_of

JOBS = (5_000_000, 200_000)
DAYS = 30
# A month of calls up to yesterday: ids that sort by time, arguments, tags.
JOBS_OF_A_MONTH = """
INSERT INTO queues_job (id, actor_name, queue_name, args, kwargs, options, tags, status, created_at, ready_at,
                        deadline_at, started_at, finished_at, claim_no, worker_id, day)
SELECT (lpad(to_hex((extract(epoch FROM sent_at) * 1000)::bigint), 12, '0')
        || '7' || left(noise, 3) || 'a' || right(noise, 15))::uuid,
       (ARRAY['process_retell_call_ended', 'send_sms_notification', 'empty'])[n %% 3 + 1],
       (ARRAY['critical', 'notifications', 'default'])[n %% 3 + 1],
       '[]', jsonb_build_object('call_id', n / 5), '{}', ARRAY['call:' || n / 5, 'company:' || n %% 7], 'completed',
       sent_at, sent_at, sent_at + interval '1 day', sent_at + interval '5 ms', sent_at, 1, 1,
       (sent_at AT TIME ZONE 'UTC')::date
  FROM (SELECT n, md5(n::text) AS noise,
               (date_trunc('day', now() AT TIME ZONE 'UTC') - interval '1 day' * %(days)s * (1 - n / %(jobs)s::float8)
                - interval '1 second') AT TIME ZONE 'UTC' AS sent_at
          FROM generate_series(1, %(jobs)s) AS n) AS sent
"""


def measure(session: Session, report: Report) -> None:
    """The tables of the month are taken out and put back between the rounds, so that the same workers run both."""
    jobs, finished = session.effort.size(*EMPTY), session.effort.size(*JOBS)
    ours = session.arena.ours
    session.steps.say(f"A ledger with {finished:,} finished jobs is written")
    _fill(finished)
    session.steps.done()
    rounds, month = Rounds(), _month()
    empty, full = f"{ours.name}, empty ledger", f"{ours.name}, {finished:,} finished jobs"
    for number in range(session.effort.rounds):
        for ledger in (empty, full):
            session.steps.say(f"{ledger}, round {number + 1}")
            ours.program.release()  # a suspended process might hold a lock on a table
            _take_out(month) if ledger == empty else _put_back(month)
            rounds.add(ours, ours.run("empty", [{}] * jobs), ledger)
            rest(ours)
            session.steps.done()
    for day in month:
        _run(f"DROP TABLE {table_of(day)}")
    report.figures.append(
        Figure(
            f"empty jobs, {finished:,} finished ones in the ledger",
            "jobs/s",
            rounds.rates(full),
            rounds.rates(empty),
            empty,
            Target("ratio", at_least=0.75),
            strangers=rounds.strangers(full),
        )
    )
    report.add_costs(rounds.costs())


def _fill(finished: int) -> None:
    with connection.cursor() as cursor:
        prepare_days(DjangoConnection(cursor), _month())
        cursor.execute(JOBS_OF_A_MONTH, {"jobs": finished, "days": DAYS})
    # The tables as they are after weeks: statistics known, and no work for autovacuum in the middle of a round.
    for day in _month():
        _run(f"VACUUM (ANALYZE) {table_of(day)}")
    _run("CHECKPOINT")


def _month() -> list[date]:
    today = datetime.now(UTC).date()
    return [today - timedelta(days=back) for back in range(1, DAYS + 1)]


def _take_out(month: list[date]) -> None:
    for day in month:
        _run(f"ALTER TABLE queues_job DETACH PARTITION {table_of(day)}")


def _put_back(month: list[date]) -> None:
    for day in month:
        _run(f"ALTER TABLE queues_job ATTACH PARTITION {table_of(day)} FOR VALUES IN ('{day}')")


def _run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
