"""One small Django project for all peers: only the apps they need, and connections that stay open."""

import os

import environ

SECRET_KEY = "bench"
USE_TZ = True
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django_celery_results",
    "django_tasks",
    "django_tasks_db",
    "procrastinate.contrib.django",
    "askpro.dev.bench",
]
DATABASES = {"default": {**environ.Env.db_url_config(os.environ["DATABASE_URL"]), "CONN_MAX_AGE": None}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = os.environ["REDIS_URL"]
REDIS_KEY_PREFIX = os.environ["REDIS_KEY_PREFIX"]
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
# Otherwise it would look for `tasks` in every app, and find ours.
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "procrastinate_tasks"
PROCRASTINATE_IMPORT_PATHS = ["askpro.dev.bench.peers.procrastinate_tasks"]
LOGGING = {"version": 1, "disable_existing_loggers": True, "root": {"level": "WARNING"}}
