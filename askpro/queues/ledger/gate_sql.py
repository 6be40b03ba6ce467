"""The statements of gates. Each is one transaction; every time is PostgreSQL's, so that all hosts agree on it."""

# Seconds for which a request stays granted to a waiting job: a worker may take the job up late.
TOKEN_FOR = 5
# Seconds within which a probing request must have its answer; then another request probes.
PROBE_FOR = 30
# Seconds for which a granted job is waited for: its queue may be long, or paused. Then another job is let through.
GRANT_FOR = 30
# At most this many granted jobs of a gate wait for a worker. With few workers, the grants of more would only expire.
AT_ONCE = 10

# The gate's row is locked, for this statement only. When another transaction held the lock, the row is read again.
# `behind` keeps a new job from overtaking jobs that already wait with the same or a higher urgency. A shut gate has no
# order: whoever comes first when it may be over probes, for the job that was let through to do so may stand in a long
# queue, and each request that is turned away meanwhile makes that queue longer.
ENTER = f"""
WITH gate AS MATERIALIZED (
    SELECT * FROM queues_gate WHERE name = %(name)s FOR UPDATE
), asked AS MATERIALIZED (
    SELECT gate.*, clock_timestamp() AS at, coalesce(%(granted_at)s::timestamptz > clock_timestamp() - CASE
               WHEN shut_until IS NULL THEN {TOKEN_FOR} ELSE {PROBE_FOR} END * interval '1 second', false) AS is_granted
      FROM gate
), judged AS MATERIALIZED (
    SELECT asked.*, CASE
           WHEN shut_until > at THEN 'shut'
           WHEN shut_until IS NOT NULL AND probe_until > at THEN 'shut'
           WHEN shut_until IS NULL AND NOT %(passes_others)s AND EXISTS (
                SELECT 1 FROM queues_job_live WHERE gate = asked.name AND status || '' = 'released'
                   AND gate_urgency <= %(urgency)s) THEN 'behind'
           WHEN NOT is_granted AND %(spacing)s > 0
            AND full_at - at > greatest(%(burst)s * %(share)s - 1, 0) * %(spacing)s * interval '1 second' THEN 'full'
           ELSE 'open' END AS verdict
      FROM asked
), entered AS (
    UPDATE queues_gate AS gate
       SET full_at = greatest(judged.full_at, judged.at)
                   + CASE WHEN judged.is_granted THEN 0 ELSE %(spacing)s END * interval '1 second',
           spacing = %(spacing)s, burst = %(burst)s,
           probe_until = CASE WHEN judged.shut_until IS NOT NULL
                              THEN judged.at + interval '{PROBE_FOR} seconds' END
      FROM judged
     WHERE gate.name = judged.name AND judged.verdict = 'open'
)
SELECT verdict, generation, failures > 0 OR shut_until IS NOT NULL,
       coalesce(extract(epoch FROM CASE verdict
           WHEN 'shut' THEN greatest(shut_until, probe_until) - at
           WHEN 'full' THEN full_at - at
                          - greatest(%(burst)s * %(share)s - 1, 0) * %(spacing)s * interval '1 second'
           END), 0)::float8, reason
  FROM judged
"""
MAKE = "INSERT INTO queues_gate (name) VALUES (%s) ON CONFLICT DO NOTHING"

# An answer only says something about the time after its request: a request that was sent before the gate was shut does
# not open it.
ANSWERED = """
UPDATE queues_gate
   SET failures = 0, shuts = 0, generation = generation + (shut_until IS NOT NULL)::int,
       shut_since = NULL, shut_until = NULL, probe_until = NULL, granted_until = NULL, reason = ''
 WHERE name = %(name)s AND generation = %(generation)s
"""
# Failures of requests that were under way when the gate was shut do not count: they say nothing new.
FAILED = """
WITH failed AS (
    UPDATE queues_gate AS gate
       SET failures = gate.failures + 1,
           shuts = gate.shuts + shutting.now::int,
           generation = gate.generation + shutting.now::int,
           shut_since = CASE WHEN shutting.now THEN coalesce(gate.shut_since, clock_timestamp()) END,
           shut_until = CASE WHEN shutting.now THEN clock_timestamp() + interval '1 second' * greatest(
               %(stated)s, least(%(longest)s, %(first)s * 2 ^ least(gate.shuts, 20)) * %(jitter)s) END,
           probe_until = NULL, granted_until = NULL,
           reason = CASE WHEN shutting.now THEN %(reason)s ELSE '' END
      FROM (SELECT name, generation, failures + 1 >= %(most)s OR shut_until IS NOT NULL AS now
              FROM queues_gate WHERE name = %(name)s FOR UPDATE) AS shutting
     WHERE gate.name = shutting.name AND gate.generation = %(generation)s
 RETURNING gate.shut_until IS NOT NULL AS is_shut
)
SELECT coalesce((SELECT is_shut FROM failed), (SELECT shut_until IS NOT NULL FROM queues_gate WHERE name = %(name)s))
"""

# `status || ''` keeps PostgreSQL from using an index on the status: with statistics from a quiet hour it would search
# all delayed jobs for those that wait at a gate. OFFSET makes it search gate by gate.
# Lets through as many waiting jobs as the limit has room for, the urgent first, then the oldest; the request of each is
# counted now. At a gate that was shut, one job is let through to probe: the one that has been released least often, for
# the cause may be the request itself, and no job shall wait for one that always fails. Rows that another transaction
# has locked are left for the next time.
ADMIT = f"""
WITH gate AS MATERIALIZED (
    SELECT * FROM queues_gate AS gate
     WHERE (shut_until IS NULL OR (shut_until <= statement_timestamp()
                                   AND coalesce(greatest(probe_until, granted_until) <= statement_timestamp(), true)))
       AND EXISTS (SELECT 1 FROM queues_job_live
                    WHERE queues_job_live.gate = gate.name AND status || '' = 'released' OFFSET 0)
     ORDER BY name FOR UPDATE SKIP LOCKED
), room AS MATERIALIZED (
    SELECT name, burst, shut_until IS NOT NULL AS is_shut,
           CASE WHEN spacing > 0 THEN burst - greatest(extract(epoch FROM full_at - clock_timestamp()), 0) / spacing
                ELSE {AT_ONCE} END AS free,
           {AT_ONCE} - (SELECT count(*) FROM (
               SELECT 1 FROM queues_job_live WHERE queues_job_live.gate = gate.name AND status || '' = 'queued'
                   AND ready_at > statement_timestamp() - interval '{GRANT_FOR} seconds'
                LIMIT {AT_ONCE}) AS granted) AS hands
      FROM gate
), waiting AS MATERIALIZED (
    SELECT room.*, job.id, job.gate_urgency,
           row_number() OVER (PARTITION BY room.name ORDER BY job.gate_urgency, job.id) AS place
      FROM room CROSS JOIN LATERAL (
        SELECT id, gate_urgency FROM queues_job_live
         WHERE queues_job_live.gate = room.name AND status || '' = 'released' AND NOT room.is_shut
         ORDER BY gate_urgency, id LIMIT room.hands FOR UPDATE SKIP LOCKED) AS job
    UNION ALL
    SELECT room.*, job.id, job.gate_urgency, 1
      FROM room CROSS JOIN LATERAL (
        SELECT id, gate_urgency FROM queues_job_live
         WHERE queues_job_live.gate = room.name AND status || '' = 'released' AND room.is_shut
         ORDER BY releases, gate_urgency, id LIMIT 1 FOR UPDATE SKIP LOCKED) AS job
), granted AS MATERIALIZED (
    SELECT id, name FROM waiting
     WHERE is_shut OR place <= free - burst * (1 - (%(shares)s::float8[])[gate_urgency + 1])
), paid AS (
    UPDATE queues_gate AS gate
       SET full_at = greatest(gate.full_at, clock_timestamp()) + each.count * gate.spacing * interval '1 second',
           granted_until = CASE WHEN gate.shut_until IS NOT NULL
                                THEN clock_timestamp() + interval '{GRANT_FOR} seconds' END
      FROM (SELECT name, count(*) FROM granted GROUP BY name) AS each
     WHERE gate.name = each.name
)
UPDATE queues_job_live AS job
   SET status = 'queued', ready_at = clock_timestamp(), run_at = NULL, gate_token = job.claim_no + 1
  FROM granted
 WHERE job.id = ANY(ARRAY[granted.id])
RETURNING job.id::text, job.queue_name
"""
