"""The peers, each with the setting that did best in trials on two cores."""

from askpro.dev.bench.peers.rival import Kind

# Threads took a fifth less processor time than prefork with two or four processes.
CELERY = Kind(
    name="Celery",
    apps=("django_celery_results",),
    tasks="askpro.dev.bench.peers.celery_tasks",
    command=(
        "celery -A askpro.dev.bench.peers.celery_app worker -n bench{number} --pool threads --concurrency 8"
        " --loglevel ERROR --without-gossip --without-mingle --without-heartbeat"
    ),
    processes=2,
    setting="2 processes × 8 threads, results in PostgreSQL",
    done="SELECT count(*) FROM django_celery_results_taskresult WHERE status = 'SUCCESS'",
    kept="one row, written at the end",
)
# A process does one job at a time; four and eight of them were slower than two. Its interval is a second by default.
DJANGO_TASKS = Kind(
    name="django-tasks",
    apps=("django_tasks_database",),
    tasks="askpro.dev.bench.peers.django_tasks",
    command="django db_worker --interval 0.05 --no-startup-delay --worker-id bench{number} --verbosity 0",
    processes=2,
    setting="2 processes, a look every 50 ms",
    done="SELECT count(*) FROM django_tasks_database_dbtaskresult WHERE status = 'SUCCESSFUL'",
    kept="one row",
)
# Four processes, and 2 or 16 at once in each, were no faster.
PROCRASTINATE = Kind(
    name="procrastinate",
    apps=("procrastinate",),
    tasks="askpro.dev.bench.peers.procrastinate_tasks",
    command="django procrastinate worker --concurrency 8",
    processes=2,
    setting="2 processes × 8",
    done="SELECT count(*) FROM procrastinate_jobs WHERE status = 'succeeded'",
    kept="one row, and one for each of its three events",
)
KINDS = (CELERY, DJANGO_TASKS, PROCRASTINATE)
