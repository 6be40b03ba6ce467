#!/bin/bash
# deploy/restore.sh FILE: writes a file of deploy/backup.sh into the empty database of DATABASE_URL, all of it or
# nothing, brings it to this version, and erases again whoever the list erasures.json beside FILE names. BACKUP_KEY_FILE
# as for the backup. A database with tables is refused with 2.
set -euo pipefail
umask 077
root=$(cd "$(dirname "$0")/.." && pwd)
file=$(realpath -e "${1:?Name the file: deploy/restore.sh FILE}")
. "$root/deploy/database.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tables=$(psql --no-psqlrc --no-password --tuples-only --no-align --dbname="$url" \
  --command="SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
if [ "$tables" != 0 ]; then
  echo "The database has $tables tables. Drop it and create it anew, or name an empty one in DATABASE_URL." >&2
  exit 2
fi
dump=$file
if [ "${file%.enc}" != "$file" ]; then
  dump=$work/dump
  sealed -d -in "$file" -out "$dump"
fi
pg_restore --single-transaction --exit-on-error --no-owner --no-privileges --no-password --dbname="$url" "$dump"

cd "$root"
python=${ASKPRO_PYTHON:-.venv/bin/python}
"$python" manage.py migrate --verbosity 0
erasures=$(dirname "$file")/erasures.json
if [ -e "$erasures" ]; then
  "$python" manage.py erase_person --again "$erasures"
else
  echo "There is no $erasures: whoever was erased after this backup is in the database again." >&2
fi
