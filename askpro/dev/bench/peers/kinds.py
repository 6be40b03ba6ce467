"""The peers. A single setting did best in trials on two cores; of several, a full run tries all and keeps the best."""

from askpro.dev.bench.peers.rival import Kind, Setting

# Threads took a fifth less processor time than prefork with two or four processes.
CELERY = Kind(
    name="Celery",
    installs=("django migrate django_celery_results --verbosity 0",),
    tasks="askpro.dev.bench.peers.celery_tasks",
    command=(
        "celery -A askpro.dev.bench.peers.celery_app worker -n bench{number} --pool threads --concurrency {at_once}"
        " --loglevel ERROR --without-gossip --without-mingle --without-heartbeat"
    ),
    settings=(Setting("2 processes × 8 threads, results in PostgreSQL", processes=2, at_once=8),),
    done="SELECT count(*) FROM django_celery_results_taskresult WHERE status = 'SUCCESS'",
    kept="one row, written at the end",
)
# A process does one job at a time; four and eight of them were slower than two. Its interval is a second by default.
DJANGO_TASKS = Kind(
    name="django-tasks",
    installs=("django migrate django_tasks_database --verbosity 0",),
    tasks="askpro.dev.bench.peers.django_tasks",
    command="django db_worker --interval 0.05 --no-startup-delay --worker-id bench{number} --verbosity 0",
    settings=(Setting("2 processes, a look every 50 ms", processes=2, at_once=1),),
    done="SELECT count(*) FROM django_tasks_database_dbtaskresult WHERE status = 'SUCCESSFUL'",
    kept="one row",
)
# Four processes, and 2 or 16 at once in each, were no faster.
PROCRASTINATE = Kind(
    name="procrastinate",
    installs=("django migrate procrastinate --verbosity 0",),
    tasks="askpro.dev.bench.peers.procrastinate_tasks",
    command="django procrastinate worker --concurrency {at_once}",
    settings=(Setting("2 processes × 8", processes=2, at_once=8),),
    done="SELECT count(*) FROM procrastinate_jobs WHERE status = 'succeeded'",
    kept="one row, and one for each of its three events",
)
PGQUEUER = Kind(
    name="pgqueuer",
    installs=("askpro.dev.bench.peers.pgqueuer_tasks install",),
    tasks="askpro.dev.bench.peers.pgqueuer_tasks",
    command="askpro.dev.bench.peers.pgqueuer_tasks work {at_once}",
    settings=(
        Setting("2 processes, asyncpg, 100 at once", processes=2, at_once=100),
        Setting("2 processes, asyncpg, 32 at once", processes=2, at_once=32),
        Setting("1 process, asyncpg, 200 at once", processes=1, at_once=200),
    ),
    done="SELECT count(*) FROM pgqueuer_log WHERE status = 'successful'",
    kept="one row for each of its states",
    jobs=(10_000, 1_000),
)
AWA = Kind(
    name="awa",
    installs=("askpro.dev.bench.peers.awa_tasks install",),
    tasks="askpro.dev.bench.peers.awa_tasks",
    command="askpro.dev.bench.peers.awa_tasks work {at_once}",
    settings=(
        Setting("2 processes, 256 at once", processes=2, at_once=256),
        Setting("2 processes, 32 at once", processes=2, at_once=32),
        Setting("1 process, 512 at once", processes=1, at_once=512),
    ),
    # Its view of all jobs would read each of them, for every look.
    done=(
        "SELECT (SELECT count(*) FROM awa.done_entries WHERE state = 'completed')"
        " + (SELECT coalesce(sum(cardinality(job_ids)), 0) FROM awa.receipt_completion_batches)"
        " + (SELECT coalesce(sum(pruned_completed_count), 0) FROM awa.queue_terminal_rollups)"
    ),
    kept="one row, and one for each batch of completions",
    jobs=(20_000, 2_000),
)
KINDS = (CELERY, DJANGO_TASKS, PROCRASTINATE, PGQUEUER, AWA)
