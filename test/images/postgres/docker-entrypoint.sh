#!/bin/bash
# The official image's contract: POSTGRES_USER, _PASSWORD, _DB, _INITDB_ARGS, _HOST_AUTH_METHOD (and *_FILE), PGDATA,
# /docker-entrypoint-initdb.d, run as postgres, options alone mean `postgres OPTIONS`.
set -euo pipefail

file_env() {
  local file="${1}_FILE"
  if [ -n "${!1:-}" ] && [ -n "${!file:-}" ]; then echo >&2 "error: both $1 and $file are set (but are exclusive)"; exit 1; fi
  if [ -n "${!file:-}" ]; then export "$1=$(cat "${!file}")"; elif [ -z "${!1:-}" ]; then export "$1=${2:-}"; fi
  unset "$file"
}

if [ "${1:0:1}" = - ]; then set -- postgres "$@"; fi
if [ "${1:-}" != postgres ]; then exec "$@"; fi

if [ "$(id -u)" = 0 ]; then
  mkdir -p "$PGDATA"
  chmod 0700 "$PGDATA"
  find "$PGDATA" \! -user postgres -exec chown postgres '{}' +
  install -d -o postgres -g postgres -m 3777 /var/run/postgresql
  exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
fi

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  file_env POSTGRES_PASSWORD
  file_env POSTGRES_USER postgres
  file_env POSTGRES_DB "$POSTGRES_USER"
  file_env POSTGRES_INITDB_ARGS
  : "${POSTGRES_HOST_AUTH_METHOD:=}"
  if [ -z "$POSTGRES_PASSWORD" ] && [ "$POSTGRES_HOST_AUTH_METHOD" != trust ]; then
    echo >&2 'Error: Database is uninitialized and superuser password is not specified.
       You must specify POSTGRES_PASSWORD to a non-empty value for the superuser.'
    exit 1
  fi
  # shellcheck disable=SC2086
  initdb --no-sync --username="$POSTGRES_USER" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") $POSTGRES_INITDB_ARGS
  printf '\nhost all all all %s\n' "${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}" >>"$PGDATA/pg_hba.conf"
  # The server of the initialisation listens on no TCP port, so that nobody takes it for the ready one.
  PGUSER=$POSTGRES_USER pg_ctl -D "$PGDATA" -o "-c listen_addresses='' -p 5432 ${*:2}" -w start
  sql() { PGHOST='' PGHOSTADDR='' PGPASSWORD=$POSTGRES_PASSWORD psql -v ON_ERROR_STOP=1 --no-password --no-psqlrc --username "$POSTGRES_USER" "$@"; }
  if [ "$POSTGRES_DB" != postgres ]; then
    sql --dbname postgres --set db="$POSTGRES_DB" <<<'CREATE DATABASE :"db";'
  fi
  for file in /docker-entrypoint-initdb.d/*; do
    case $file in
      *.sh) if [ -x "$file" ]; then echo "$0: running $file"; "$file"; else echo "$0: sourcing $file"; . "$file"; fi ;;
      *.sql) echo "$0: running $file"; sql --dbname "$POSTGRES_DB" -f "$file" ;;
      *.sql.gz) echo "$0: running $file"; gunzip -c "$file" | sql --dbname "$POSTGRES_DB" ;;
      '/docker-entrypoint-initdb.d/*') ;;
      *) echo "$0: ignoring $file" ;;
    esac
  done
  PGUSER=$POSTGRES_USER pg_ctl -D "$PGDATA" -m fast -w stop
  unset PGPASSWORD
  echo
  echo 'PostgreSQL init process complete; ready for start up.'
  echo
else
  echo
  echo 'PostgreSQL Database directory appears to contain a database; Skipping initialization'
  echo
fi
exec "$@"
