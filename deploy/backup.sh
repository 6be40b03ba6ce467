#!/bin/bash
# deploy/backup.sh [FOLDER]: the database of DATABASE_URL as one file in FOLDER (/var/backups/askpro), and beside it the
# list of everybody who was erased, which deploy/restore.sh applies again. Prints the file's name; ends with 0 only when
# the file was read back. Files older than BACKUP_DAYS (14) go, after that. With BACKUP_KEY_FILE, a file with a
# passphrase, openssl encrypts it. DATA_KEYS and SECRET_KEY are not in it: keep them elsewhere, twice.
set -euo pipefail
umask 077
root=$(cd "$(dirname "$0")/.." && pwd)
folder=${1:-/var/backups/askpro}
. "$root/deploy/database.sh"

mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
work=$(mktemp -d "$folder/.begun-XXXXXX")
trap 'rm -rf "$work"' EXIT

cd "$root"
"${ASKPRO_PYTHON:-.venv/bin/python}" manage.py erase_person --list "$work/erasures.json"
pg_dump --format=custom --no-password --file="$work/dump" --dbname="$url"
pg_restore --list "$work/dump" | grep "TABLE DATA .*django_migrations" > "$work/read"
name=$(date -u +%F-%H%M%S).dump
if [ -n "${BACKUP_KEY_FILE:-}" ]; then
  name=$name.enc
  sealed -salt -in "$work/dump" -out "$work/sealed"
  sealed -d -in "$work/sealed" | cmp - "$work/dump"
  mv "$work/sealed" "$work/dump"
fi
sync "$work/dump" "$work/erasures.json"
# A file has its name when it is whole.
mv "$work/dump" "$folder/$name"
mv "$work/erasures.json" "$folder/erasures.json"
find "$folder" -maxdepth 1 \( -name "*.dump" -o -name "*.dump.enc" \) -mtime "+${BACKUP_DAYS:-14}" -delete
echo "$folder/$name"
