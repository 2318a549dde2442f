#!/bin/sh
# As the official image: templates are filled in, scripts in /docker-entrypoint.d run, then the command.
set -eu
case ${1:-} in
  nginx*)
    for script in /docker-entrypoint.d/*.sh; do [ -x "$script" ] && "$script" || :; done
    names=$(env | sed -n 's/^\([A-Za-z_][A-Za-z0-9_]*\)=.*/${\1}/p' | tr '\n' ' ')
    for template in /etc/nginx/templates/*.template; do
      [ -e "$template" ] || continue
      target=${template##*/}
      envsubst "$names" <"$template" >"/etc/nginx/conf.d/${target%.template}"
    done
    ;;
esac
exec "$@"
