#!/bin/bash
# The official images' contract, under MARIADB_* and MYSQL_* names (and *_FILE): ROOT_PASSWORD, ALLOW_EMPTY_ROOT_PASSWORD,
# RANDOM_ROOT_PASSWORD, DATABASE, USER, PASSWORD; /docker-entrypoint-initdb.d; run as mysql.
set -euo pipefail

value() { # NAME -> from MARIADB_NAME, MYSQL_NAME or their _FILE
  local name variable
  for name in "MARIADB_$1" "MYSQL_$1"; do
    variable="${name}_FILE"
    if [ -n "${!name:-}" ]; then printf %s "${!name}"; return; fi
    if [ -n "${!variable:-}" ]; then cat "${!variable}"; return; fi
  done
}
quoted() { local text=${1//\\/\\\\}; printf "'%s'" "${text//\'/\\\'}"; }

if [ "${1:0:1}" = - ]; then set -- mariadbd "$@"; fi
case ${1:-} in mariadbd | mysqld) ;; *) exec "$@" ;; esac

data=/var/lib/mysql
if [ "$(id -u)" = 0 ]; then
  install -d -o mysql -g mysql /run/mysqld
  find "$data" \! -user mysql -exec chown mysql '{}' +
  exec setpriv --reuid=mysql --regid=mysql --init-groups "$0" "$@"
fi

if [ ! -d "$data/mysql" ]; then
  root=$(value ROOT_PASSWORD)
  empty=$(value ALLOW_EMPTY_ROOT_PASSWORD)$(value ALLOW_EMPTY_PASSWORD)
  if [ -z "$root" ] && [ -n "$(value RANDOM_ROOT_PASSWORD)" ]; then
    root=$(head -c 24 /dev/urandom | base64)
    echo "[Note] [Entrypoint]: GENERATED ROOT PASSWORD: $root"
  fi
  if [ -z "$root" ] && [ -z "$empty" ]; then
    echo >&2 '[ERROR] [Entrypoint]: Database is uninitialized and password option is not specified
    You need to specify one of MARIADB_ROOT_PASSWORD, MARIADB_ALLOW_EMPTY_ROOT_PASSWORD and MARIADB_RANDOM_ROOT_PASSWORD'
    exit 1
  fi
  echo '[Note] [Entrypoint]: Initializing database files'
  mariadb-install-db --datadir="$data" --auth-root-authentication-method=normal --skip-test-db --skip-name-resolve >/dev/null
  # The server of the initialisation listens on no TCP port, so that nobody takes it for the ready one.
  "$1" --skip-networking --socket=/run/mysqld/init.sock "${@:2}" &
  server=$!
  client=(mariadb --protocol=socket --socket=/run/mysqld/init.sock -u root)
  until "${client[@]}" -e 'select 1' >/dev/null 2>&1; do
    kill -0 $server || { echo >&2 '[ERROR] [Entrypoint]: Unable to start server.'; exit 1; }
    sleep 0.1
  done
  database=$(value DATABASE) user=$(value USER) password=$(value PASSWORD)
  {
    if [ -n "$database" ]; then echo "CREATE DATABASE IF NOT EXISTS \`$database\`;"; fi
    if [ -n "$user" ]; then
      echo "CREATE USER $(quoted "$user")@'%' IDENTIFIED BY $(quoted "$password");"
      if [ -n "$database" ]; then echo "GRANT ALL ON \`${database//_/\\_}\`.* TO $(quoted "$user")@'%';"; fi
    fi
    echo "CREATE USER 'root'@'%' IDENTIFIED BY $(quoted "$root"); GRANT ALL ON *.* TO 'root'@'%' WITH GRANT OPTION;"
    echo "ALTER USER 'root'@'localhost' IDENTIFIED BY $(quoted "$root");"
  } | "${client[@]}"
  export MYSQL_PWD="$root"
  if [ -n "$database" ]; then client+=(--database="$database"); fi
  for file in /docker-entrypoint-initdb.d/*; do
    case $file in
      *.sh) echo "[Note] [Entrypoint]: running $file"; if [ -x "$file" ]; then "$file"; else . "$file"; fi ;;
      *.sql) echo "[Note] [Entrypoint]: running $file"; "${client[@]}" <"$file" ;;
      *.sql.gz) echo "[Note] [Entrypoint]: running $file"; gunzip -c "$file" | "${client[@]}" ;;
    esac
  done
  mariadb-admin --protocol=socket --socket=/run/mysqld/init.sock -u root shutdown
  unset MYSQL_PWD
  wait $server || :
  echo '[Note] [Entrypoint]: MariaDB init process done. Ready for start up.'
fi
exec "$@"
