"""Every setting of AskPro. Values come from the environment (deploy/env.example); each default is safe to run with."""

import os
from pathlib import Path

from askpro.console.unfold import UNFOLD as UNFOLD
from askpro.environment import Environment

BASE_DIR = Path(__file__).resolve().parent.parent

env = Environment()
ENVIRONMENT_FILE = os.environ.get("ASKPRO_ENV_FILE", "")
env.read_file(ENVIRONMENT_FILE)

# `production` unless said otherwise, so that a forgotten variable never opens a door.
ENVIRONMENT = env.str("ASKPRO_ENV", default="production")
DEBUG = env.bool("DEBUG", default=False)
# This key is public. It replaces a missing one only in environments that have nothing to protect.
PUBLIC_KEY = "local-and-testing-only-" + "0" * 32
ENVIRONMENTS_WITH_A_PUBLIC_KEY = ("local", "testing")
MAY_BE_PUBLIC = ENVIRONMENT in ENVIRONMENTS_WITH_A_PUBLIC_KEY
SECRET_KEY = env.str("SECRET_KEY", default="") or (PUBLIC_KEY if MAY_BE_PUBLIC else "")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
# Encrypt what is stored of callers, and companies' secrets (askpro/encryption): the first one writes, all of them read.
PUBLIC_DATA_KEY = "0" * 64
DATA_KEYS = env.list("DATA_KEYS", default=[]) or ([PUBLIC_DATA_KEY] if MAY_BE_PUBLIC else [])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost"])
PUBLIC_URL = env.str("ASKPRO_PUBLIC_URL", default="http://127.0.0.1:8000").rstrip("/")
CONSOLE_URL = f"{PUBLIC_URL}/admin"
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[PUBLIC_URL])
ASKPRO_HOME = Path(env.str("ASKPRO_HOME", default=str(BASE_DIR / ".askpro")))
CODE_VERSION = env.str("ASKPRO_VERSION", default="dev")
# The name of this host among those that work the queues; empty: its hostname.
HOST_NAME = env.str("ASKPRO_HOST", default="")

INSTALLED_APPS = [
    "askpro.apps.AskProConfig",
    # Before the theme, because it overrides some of the theme's templates.
    "askpro.console.apps.ConsoleConfig",
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "askpro.console.apps.ConsoleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_dramatiq",
    "askpro.language",
    "askpro.queues",
    "askpro.metrics",
    "askpro.health",
    "askpro.privacy",
    "askpro.watch",
    "askpro.doctor",
    "askpro.api",
    "webhooks",
    "calls",
    "appointments",
    "notifications",
]
# `manage.py up` and the stand-ins for the vendors: not in production, where the folder may be left out.
IS_FOR_DEVELOPMENT = ENVIRONMENT in ("local", "testing") and (BASE_DIR / "askpro/dev/__init__.py").is_file()
if IS_FOR_DEVELOPMENT:
    INSTALLED_APPS += ["askpro.dev.up", "askpro.dev.sandbox"]

MIDDLEWARE = [
    # First, so that all others' work bears the request's id.
    "askpro.correlation.Correlation",
    "askpro.incoming.request_log.RequestLog",
    # Before all that answer by themselves.
    "askpro.incoming.content_policy.ContentPolicy",
    # Before those that look at the Host header or open sessions.
    "askpro.health.probes.Probes",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "askpro.console.language.ReadersLanguage",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "askpro.console.entrance.idle.IdleSessions",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "askpro.urls"
CSRF_FAILURE_VIEW = "askpro.incoming.error_pages.csrf_failure"
# What machines ask by address: answered whatever the Host header says (askpro/health/probes.py).
PROBES = {
    "/health/live": "askpro.health.views.live",
    "/health/ready": "askpro.health.views.ready",
    "/health/queues": "askpro.health.views.queues",
    "/metrics": "askpro.metrics.exposition.view.metrics",
}
WSGI_APPLICATION = "askpro.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# PostgreSQL decides. Each thread has one Django connection; the engine closes it after an interrupt.
DATABASES = {
    "default": {
        **env.db("DATABASE_URL", default="postgres://askpro@127.0.0.1:5432/askpro", engine="askpro.postgresql"),
        "ATOMIC_REQUESTS": False,
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
    }
}
# A database host that vanishes must not block a worker for longer than it takes to notice that a worker has died.
DATABASES["default"]["OPTIONS"] = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 20_000,
    **DATABASES["default"].get("OPTIONS", {}),
}
# DATABASE_URL leads through a pooler that lends a session for one transaction (PgBouncer, pool_mode = transaction): for
# the web alone.
DATABASE_POOLED = env.bool("DATABASE_POOLED", default=False)
DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = DATABASE_POOLED
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Redis only makes it faster. With an empty URL everything runs without it: jobs are taken by age from PostgreSQL.
REDIS_URL = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")
REDIS_KEY_PREFIX = env.str("REDIS_KEY_PREFIX", default="askpro")
if "+cluster:" in REDIS_URL and "{" not in REDIS_KEY_PREFIX:
    # The nodes of a cluster share keys by what stands in braces. Some of ours are read and written together.
    REDIS_KEY_PREFIX = f"{{{REDIS_KEY_PREFIX}}}"

DRAMATIQ_BROKER = {
    "BROKER": "askpro.queues.worker.broker.LedgerBroker",
    "OPTIONS": {},
    # Retries, Callbacks and Pipelines are missing on purpose: settle does their work, where no error is swallowed.
    "MIDDLEWARE": [
        "askpro.queues.worker.middleware.StartOfJobs",
        "dramatiq.middleware.CurrentMessage",
        "dramatiq.middleware.ShutdownNotifications",
        "dramatiq.middleware.TimeLimit",
        "askpro.queues.worker.middleware.DatabaseConnections",
        "askpro.queues.worker.middleware.GuestWorkers",
        "askpro.metrics.middleware.LastFigures",
    ],
}
DRAMATIQ_AUTODISCOVER_MODULES = ["tasks"]
# Called by every supervisor's chores process: each finds rows whose state implies a job that is missing, and sends it.
SWEEPERS = [
    "webhooks.inbox.sweepers.resend_forgotten",
    "calls.sweepers.sweep",
    "appointments.sweepers.sweep",
    "notifications.sweepers.sweep",
    "askpro.privacy.sweepers.sweep",
    "askpro.console.repair.sweepers.sweep",
    "askpro.metrics.folding.sweep",
]

# Judges the arguments of each job before it starts.
JOB_GUARD = "askpro.ownership.check"
# Told of each run that ends with an exception.
JOB_FAILED = "askpro.sentry.job_failed"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "AskPro",
    "DESCRIPTION": "Ask for appointments, and read what became of them.",
    "VERSION": CODE_VERSION,
    # OpenAPI 3.0 cannot say that a reference may be null, and generated clients would take our nulls for errors.
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    # From our own static files, so that the page loads nothing from other hosts.
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    # Without the badge for which Swagger's own host would be asked.
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "validatorUrl": None},
    "ENUM_NAME_OVERRIDES": {
        "RequestStatus": "calls.models.BookingRequest.Status",
        "AppointmentStatus": "appointments.models.Appointment.Status",
        "FollowUpStatus": "appointments.models.FollowUp.Status",
        "MessageStatus": "notifications.models.Notification.Status",
    },
}
# Requests of each token over all processes, and the largest body.
API_REQUESTS_PER_MINUTE = env.int("API_REQUESTS_PER_MINUTE", default=120)
API_MAX_BYTES = env.int("API_MAX_BYTES", default=64 * 1024)

# The vendors. Lists hold several active secrets, so that a key can be rotated without losing an event.
RETELL_BASE_URL = env.str("RETELL_BASE_URL", default="https://api.retellai.com").rstrip("/")
RETELL_API_KEYS = env.list("RETELL_API_KEYS", default=[])
CALCOM_BASE_URL = env.str("CALCOM_BASE_URL", default="https://api.cal.com").rstrip("/")
CALCOM_API_KEY = env.str("CALCOM_API_KEY", default="")
# Whether Cal.com is asked for the host whom a caller wishes for, which its published specification does not have.
CALCOM_ASKS_FOR_HOSTS = env.bool("CALCOM_ASKS_FOR_HOSTS", default=False)
CALCOM_WEBHOOK_SECRETS = env.list("CALCOM_WEBHOOK_SECRETS", default=[])
# At Cal.com, customers without an e-mail address get one under this domain; no mail is ever sent to it.
SYNTHETIC_EMAIL_DOMAIN = env.str("SYNTHETIC_EMAIL_DOMAIN", default="kunden.askpro.example").lower()
TWILIO_BASE_URL = env.str("TWILIO_BASE_URL", default="https://api.twilio.com").rstrip("/")
TWILIO_ACCOUNT_SID = env.str("TWILIO_ACCOUNT_SID", default="")
TWILIO_AUTH_TOKENS = env.list("TWILIO_AUTH_TOKENS", default=[])
# Secrets of webhooks signed with a shared key (HMAC_SHA256), by key id: id=secret,id=secret.
TWILIO_SHARED_KEYS = env.dict("TWILIO_SHARED_KEYS", default={})
TWILIO_MESSAGING_SERVICE_SID = env.str("TWILIO_MESSAGING_SERVICE_SID", default="")
# Seconds a vendor may take to accept a connection, and seconds from resolving its name to its last byte.
VENDOR_CONNECT_TIMEOUT = env.float("VENDOR_CONNECT_TIMEOUT", default=3.0)
VENDOR_TIMEOUT = env.float("VENDOR_TIMEOUT", default=10.0)
# The largest answer of a vendor that is read, unpacked.
VENDOR_MAX_BYTES = env.int("VENDOR_MAX_BYTES", default=2 * 1024 * 1024)
# The vendor's limit of requests a minute for each key; 0: no limit. Above it, Cal.com blocks the key for a minute.
RETELL_REQUESTS_PER_MINUTE = env.int("RETELL_REQUESTS_PER_MINUTE", default=0)
CALCOM_REQUESTS_PER_MINUTE = env.int("CALCOM_REQUESTS_PER_MINUTE", default=120)
TWILIO_REQUESTS_PER_MINUTE = env.int("TWILIO_REQUESTS_PER_MINUTE", default=0)
MAILS_PER_MINUTE = env.int("MAILS_PER_MINUTE", default=0)
WEBHOOK_MAX_BYTES = env.int("WEBHOOK_MAX_BYTES", default=5 * 1024 * 1024)
# How many functions of Retell's agents may wait for Cal.com at once in one web process, which needs more threads than
# this, so that some are left for webhooks.
FUNCTION_PLACES = env.int("FUNCTION_PLACES", default=16)
# How many days each class of data is kept (askpro.privacy.classes), unless a company has a rule of its own. "never":
# it is kept for ever.
RETENTION_DAYS: dict[str, int | str] = {
    "transcripts": 90,
    "functions": 30,
    "bodies": 30,
    "unfinished_bodies": 180,
    "events": 1095,
    "messages": 365,
    "words": 365,
    "calls": 365,
    "appointments": 730,
    "customers": 1095,
    "reads": 365,
    "deeds": 1095,
    "refused": 90,
    # As long as a network in which a name has logged in stays its home (askpro/console/entrance/throttle.py).
    "logins": 90,
    "sessions": 7,
    "incidents": 400,
    **env.dict("RETENTION_DAYS", default={}),
}
# Seconds an incomplete request of call_ended waits for call_analyzed.
ANALYSIS_WAIT = env.float("ANALYSIS_WAIT", default=120.0)
# Seconds after which a call that has not ended is asked for at Retell: its agents end calls after two hours at most.
RETELL_LONGEST_CALL = env.float("RETELL_LONGEST_CALL", default=7200.0)

# Never to the console in production: customers' mails do not belong in the log, and nobody would get them.
NO_EMAIL_URL = "smtp://127.0.0.1:25" if ENVIRONMENT == "production" else "consolemail://"
vars().update(env.email_url("EMAIL_URL", default=NO_EMAIL_URL))
if vars()["EMAIL_BACKEND"] == "django.core.mail.backends.smtp.EmailBackend":
    EMAIL_BACKEND = "askpro.smtp.EmailBackend"
# Seconds for one mail, from resolving the server's name to its last answer.
EMAIL_TIMEOUT = env.float("EMAIL_TIMEOUT", default=20.0)
# Put before the subject of each mail to OPS_EMAILS.
EMAIL_SUBJECT_PREFIX = "AskPro: "
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="AskPro <termine@askpro.example>")
# Who runs the installation: told what is wrong unless ALERT_EMAILS says otherwise, and of keys that expire.
OPS_EMAILS = env.list("OPS_EMAILS", default=[])

# Who is told what `manage.py watch` finds (docs/watch.md): by mail straight over SMTP, by a Slack-compatible webhook,
# and by SMS straight over Twilio for what is critical. The escalation is told when nobody acknowledges that.
ALERT_EMAILS = env.list("ALERT_EMAILS", default=OPS_EMAILS)
ALERT_ESCALATION_EMAILS = env.list("ALERT_ESCALATION_EMAILS", default=[])
ALERT_SLACK_URL = env.str("ALERT_SLACK_URL", default="")
ALERT_SMS_TO = env.list("ALERT_SMS_TO", default=[])
ALERT_SMS_FROM = env.str("ALERT_SMS_FROM", default="")
# Warnings wait for the end of these hours, by the clock of TIME_ZONE; empty: none do.
ALERT_QUIET_HOURS = env.str("ALERT_QUIET_HOURS", default="22:00-07:00")
# Seconds that one channel may take for one message.
ALERT_TIMEOUT = env.float("ALERT_TIMEOUT", default=15.0)
# Other values for the thresholds of conditions (docs/watch.md), as a JSON object: {"queue_depth.ready": 5000}.
WATCH_THRESHOLDS: dict[str, float] = env.json("WATCH_THRESHOLDS", default={})
# All times of conditions are multiplied by this; below 1, everything is told sooner.
WATCH_PACE = env.float("WATCH_PACE", default=1.0)
# How many days incidents that are over, and the messages about them, are kept.
WATCH_DAYS = env.int("WATCH_DAYS", default=400)
# Paths whose disks must not fill up. One that this host does not have is not missed.
WATCH_DISKS = env.list("WATCH_DISKS", default=["/", "/tmp", "/var/lib/postgresql", str(ASKPRO_HOME)])  # noqa: S108

# Seconds between two writings of the figures that a process has noted of vendors, requests and webhooks; 0: never.
METRICS_FLUSH_SECONDS = env.float("METRICS_FLUSH_SECONDS", default=10.0)
# How many companies /metrics tells apart, the oldest first; 0: none. Each is a dozen more series for Prometheus.
METRICS_COMPANIES = env.int("METRICS_COMPANIES", default=0)
# How many days the sums of these figures over a minute, an hour and a day are kept.
METRICS_DAYS: dict[str, float] = {
    "minute": 2.0,
    "hour": 60.0,
    "day": 400.0,
    **env.dict("METRICS_DAYS", cast={"value": float}, default={}),
}
# Who may read figures of this installation, from /metrics and in the details of /health/queues: whoever sends this
# token (Authorization: Bearer …), or asks from one of these networks. With neither, nobody.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
METRICS_NETWORKS = env.list("METRICS_NETWORKS", default=[])
# The language of what operators are told by mail, Slack and SMS: de or en. Pages have their reader's.
ALERT_LANGUAGE = env.str("ALERT_LANGUAGE", default="en")
# From where on something is wrong with the queues, where it differs from askpro/health/thresholds.py:
# late.unhealthy=20,ready.degraded=5000.
HEALTH_THRESHOLDS: dict[str, str] = env.dict("HEALTH_THRESHOLDS", default={})

SENTRY_DSN = env.str("SENTRY_DSN", default="")
# Called in every process of the queues once it has been forked.
AFTER_FORK = ["askpro.logging.tell_what_nobody_caught", "askpro.sentry.start"]
# Called in each of them before it ends, and bounded in time.
BEFORE_EXIT = ["askpro.sentry.finish"]

SANDBOX_URL = env.str("SANDBOX_URL", default="")

# Operators, administrators and superusers read personal data masked until they reveal it, on record (docs/privacy.md).
REVEAL_FIRST = env.bool("REVEAL_FIRST", default=True)
# Who can give rights needs a second factor. Not while one develops: `manage.py up` shows one name and password.
REQUIRE_SECOND_FACTOR = env.bool("REQUIRE_SECOND_FACTOR", default=ENVIRONMENT == "production")
# Minutes without a use after which a session of the console ends, and seconds after which it ends in any case.
SESSION_IDLE_MINUTES = env.int("SESSION_IDLE_MINUTES", default=60)
SESSION_COOKIE_AGE = env.int("SESSION_HOURS", default=12) * 3600
# Limits permissions to the companies that a log-in is bound to.
AUTHENTICATION_BACKENDS = ["askpro.console.backend.ScopedBackend"]
# Where a log-in leads that nobody was sent to from another page.
LOGIN_REDIRECT_URL = "admin:index"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
# What programs and log files are told, and people whose browser asks for a language that the console does not speak.
LANGUAGE_CODE = "en"
LANGUAGES = [("de", "Deutsch"), ("en", "English")]
TIME_ZONE = "Europe/Berlin"
USE_I18N = True
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "askpro.console.formats"
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = ASKPRO_HOME / "static"
SECURE_CONTENT_TYPE_NOSNIFF = True
if ENVIRONMENT == "production":
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=3600)
# Advice that is not ours to follow: the proxy in front redirects to HTTPS, and the domain's owner decides about its
# other hosts.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W008", "security.W021"]

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "askpro.logging.LineFormatter"},
        "json": {"()": "askpro.logging.JsonFormatter"},
    },
    "filters": {
        "only_errors": {"()": "askpro.logging.OnlyErrors"},
        "outages": {"()": "askpro.logging.Outages"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "filters": ["outages"],
            "formatter": env.str("LOG_FORMAT", default="json" if ENVIRONMENT == "production" else "line"),
        }
    },
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        "dramatiq": {"level": "WARNING"},
        # Without Django's own handlers, which print whole requests and tracebacks.
        "django": {"level": "INFO"},
        "django.server": {"level": "INFO"},
        # The request log tells of every answer; what remains is an exception that ended a page.
        "django.request": {"level": "ERROR", "filters": ["only_errors"]},
        # Anybody can send a wrong Host header, and it is answered with a 400.
        "django.security.DisallowedHost": {"level": "CRITICAL"},
        "gunicorn.error": {"handlers": ["console"], "propagate": False},
        # Dramatiq logs arguments and traces of failed jobs; the engine logs the job's id, and its row keeps the trace.
        "dramatiq.worker.WorkerThread": {"level": "CRITICAL"},
    },
}

# The variables above that contain a remark: `manage.py check --deploy` fails for them.
REMARKS_AS_VALUES = env.remarks
