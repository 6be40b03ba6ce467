# Read by backup.sh and restore.sh: DATABASE_URL for PostgreSQL's own programs. Whoever lists the processes must not read
# the password.
url=${DATABASE_URL:?Set DATABASE_URL, as /etc/askpro.env does}
if [[ $url =~ ^([a-z]+://[^:/@]*):([^/@]*)@(.*)$ ]]; then
  url=${BASH_REMATCH[1]}@${BASH_REMATCH[3]}
  password=${BASH_REMATCH[2]//\\/\\\\}
  PGPASSWORD=$(printf '%b' "${password//%/\\x}")
  export PGPASSWORD
fi

# openssl with the passphrase of BACKUP_KEY_FILE.
sealed() {
  : "${BACKUP_KEY_FILE:?Set BACKUP_KEY_FILE: the file with the passphrase of the backup}"
  openssl enc -aes-256-cbc -pbkdf2 -iter 600000 -pass "file:$BACKUP_KEY_FILE" "$@"
}
