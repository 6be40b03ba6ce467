"""How much millions of finished jobs in the ledger slow down those that run."""

from django.db import connection

from askpro.dev.bench.figures import Figure, Target
from askpro.dev.bench.measures.rounds import Rounds
from askpro.dev.bench.measures.throughput import EMPTY
from askpro.dev.bench.report import Report
from askpro.dev.bench.session import Session
from askpro.dev.bench.sides.arena import rest

JOBS = (5_000_000, 200_000)
TABLES = ("queues_job", "queues_attempt")
# The schema for the tables that are not in use at the moment.
ASIDE = "bench_aside"
CREATE = f"""
CREATE SCHEMA {ASIDE};
CREATE TABLE {ASIDE}.queues_job (LIKE public.queues_job INCLUDING ALL EXCLUDING INDEXES);
CREATE TABLE {ASIDE}.queues_attempt (LIKE public.queues_attempt INCLUDING ALL EXCLUDING INDEXES);
"""
# A month of calls up to now: ids that sort by time, arguments, tags, some dead and cancelled ones.
JOBS_OF_A_MONTH = f"""
INSERT INTO {ASIDE}.queues_job (id, actor_name, queue_name, args, kwargs, options, tags, status, created_at, ready_at,
                                deadline_at, finished_at, claim_no, tries_spent, error_class)
SELECT (lpad(to_hex((extract(epoch FROM sent_at) * 1000)::bigint), 12, '0')
        || '7' || left(noise, 3) || 'a' || right(noise, 15))::uuid,
       (ARRAY['process_retell_call_ended', 'send_sms_notification', 'empty'])[n %% 3 + 1],
       (ARRAY['critical', 'notifications', 'default'])[n %% 3 + 1],
       '[]', jsonb_build_object('call_id', n / 5), '{{}}', ARRAY['call:' || n / 5, 'company:' || n %% 7],
       CASE WHEN n %% 200 = 0 THEN 'dead' WHEN n %% 100 = 1 THEN 'cancelled' ELSE 'completed' END,
       sent_at, sent_at, sent_at + interval '1 day', sent_at + interval '80 ms', 1, (n %% 200 = 0)::int,
       CASE WHEN n %% 200 = 0 THEN 'Rejected' ELSE '' END
  FROM (SELECT n, md5(n::text) AS noise,
               clock_timestamp() - interval '30 days' * (1 - n / %s::float8) - interval '1 minute' AS sent_at
          FROM generate_series(1, %s) AS n) AS sent
"""
THEIR_ATTEMPTS = f"""
INSERT INTO {ASIDE}.queues_attempt (job_id, claim_no, outcome, started_at, finished_at, worker_id, code_version,
                                    error_class)
SELECT id, 1, CASE status WHEN 'dead' THEN 'failed' ELSE status END, finished_at - interval '75 ms', finished_at, 1,
       'bench', error_class
  FROM {ASIDE}.queues_job
"""
# LIKE does not copy a table's storage options (autovacuum, fillfactor).
OPTIONS = """
SELECT relname, array_to_string(reloptions, ', ') FROM pg_class
 WHERE relnamespace = 'public'::regnamespace AND relname = ANY(%s) AND reloptions IS NOT NULL
"""
INDEXES = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename = ANY(%s)"
# Brings the tables into their state after weeks: statistics known, and no work for autovacuum in the middle of a round.
SETTLE = (f"VACUUM (ANALYZE) {ASIDE}.queues_job", f"VACUUM (ANALYZE) {ASIDE}.queues_attempt", "CHECKPOINT")
SWAP = """
ALTER TABLE public.{table} SET SCHEMA {aside}_leaving;
ALTER TABLE {aside}.{table} SET SCHEMA public;
ALTER TABLE {aside}_leaving.{table} SET SCHEMA {aside};
"""


def measure(session: Session, report: Report) -> None:
    """An empty and a full ledger are swapped between the rounds, so that the same workers run both at the same time."""
    jobs, finished = session.effort.size(*EMPTY), session.effort.size(*JOBS)
    ours = session.arena.ours
    session.steps.say(f"A ledger with {finished:,} finished jobs is written")
    _fill(finished)
    session.steps.done()
    rounds = Rounds()
    empty, full = f"{ours.name}, empty ledger", f"{ours.name}, {finished:,} finished jobs"
    for number in range(session.effort.rounds):
        for ledger in (empty, full):
            session.steps.say(f"{ledger}, round {number + 1}")
            ours.program.release()  # a suspended process might hold a lock on a table
            if ledger == empty:
                _run(f"TRUNCATE {', '.join(TABLES)}")
            rounds.add(ours, ours.run("empty", [{}] * jobs), ledger)
            _swap()
            rest(ours)
            session.steps.done()
    _run(f"DROP SCHEMA {ASIDE} CASCADE")
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
    """Create the indexes last: that halves the time for this many rows."""
    with connection.cursor() as cursor:
        cursor.execute(CREATE)
        cursor.execute(OPTIONS, [list(TABLES)])
        for table, options in cursor.fetchall():
            cursor.execute(f"ALTER TABLE {ASIDE}.{table} SET ({options})")
        cursor.execute(JOBS_OF_A_MONTH, [finished, finished])
        cursor.execute(THEIR_ATTEMPTS)
        cursor.execute("SET maintenance_work_mem = '512MB'")
        cursor.execute(INDEXES, [list(TABLES)])
        for (definition,) in cursor.fetchall():
            cursor.execute(definition.replace(" ON public.", f" ON {ASIDE}."))
        for statement in SETTLE:
            cursor.execute(statement)


def _swap() -> None:
    """Swap the tables for all sessions at once; running statements finish first."""
    statements = "".join(SWAP.format(table=table, aside=ASIDE) for table in TABLES)
    _run(f"BEGIN; CREATE SCHEMA {ASIDE}_leaving; {statements} DROP SCHEMA {ASIDE}_leaving; COMMIT")


def _run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
