# One image for every part of AskPro: web (as it starts by itself), queues_run, watch, migrate (docs/containers.md).
# tests/deploy/test_image.py follows these steps in an empty root made of Debian's packages.

FROM python:3.11.14-slim-bookworm AS build
WORKDIR /opt/askpro
# Wheels only, so that nothing is compiled; pip stays out of what is shipped.
COPY requirements.lock ./
RUN python -m venv --without-pip .venv
RUN python -m pip --python .venv/bin/python install --no-cache-dir --only-binary :all: --require-hashes -r requirements.lock
COPY manage.py ./
COPY askpro askpro/
COPY webhooks webhooks/
COPY calls calls/
COPY appointments appointments/
COPY notifications notifications/
COPY locale locale/
COPY deploy/env.example deploy/runbook.md deploy/
RUN .venv/bin/python manage.py compilemessages
RUN ASKPRO_HOME=/var/lib/askpro .venv/bin/python manage.py collectstatic --noinput
# The root of a container is read-only: what Python would write beside the code at the first start stands there already.
RUN python -m compileall -q --invalidation-mode unchecked-hash askpro webhooks calls appointments notifications

FROM python:3.11.14-slim-bookworm
RUN groupadd --system --gid 10001 askpro
RUN useradd --system --uid 10001 --gid askpro --no-create-home --home-dir /var/lib/askpro --shell /usr/sbin/nologin askpro
WORKDIR /opt/askpro
COPY --from=build /opt/askpro ./
COPY --from=build /var/lib/askpro /var/lib/askpro/
# The only folders that it writes to; with a read-only root, both are mounted in memory.
RUN install -d -m 700 -o askpro -g askpro /var/lib/askpro/watch
ENV PATH=/opt/askpro/.venv/bin:/usr/local/bin:/usr/bin:/bin
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
ENV ASKPRO_HOME=/var/lib/askpro
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/health/ready', timeout=4)"]
CMD ["gunicorn", "askpro.wsgi", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--workers", "2", "--threads", "28", "--graceful-timeout", "30", "--no-control-socket"]
