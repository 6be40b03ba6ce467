#!/bin/sh
# Makes the code that stands in /opt/askpro the one that runs. As root, after `git pull` or `git checkout`. Until the
# new code has passed its checks and its migrations, nothing that runs is touched; run it again after a failure.
set -eu
cd /opt/askpro
.venv/bin/pip install --quiet --require-hashes -r requirements.lock
.venv/bin/python manage.py compilemessages
sed -i "s/^ASKPRO_VERSION=.*/ASKPRO_VERSION=$(git describe --always)/" /etc/askpro.env
install -m 755 deploy/askpro /usr/local/bin/askpro
askpro check --deploy --database default
askpro migrate
askpro collectstatic --noinput
cp deploy/systemd/askpro-* /etc/systemd/system/
systemctl daemon-reload
# The web first lets its old processes finish their requests; the queues, their jobs, and begin again after that.
systemctl reload askpro-web
systemctl restart askpro-queues askpro-watch
