// All that a run could have changed on a host, whether it is the project's or not: for runs that must change nothing.
import type { TestHost } from '../../hosts/host.js';

/**
 * Files with owner, mode, time and content; containers, images, volumes, networks. Left out: the line that every operation
 * adds to Homeport's own log, and the lock that it took.
 */
export async function wholeHost(host: TestHost): Promise<string> {
  return await host.sh(
    `own="-path */.homeport/log.jsonl -o -path */.homeport/lock/*"
set -f
find /srv /home /tmp /var/tmp \\( $own \\) -prune -o -type f -printf '%p %m %u %g %T@\\n' -exec sha256sum {} + | sort
find /srv /home /tmp /var/tmp \\( $own \\) -prune -o ! -type f -printf '%p %m %u %g %l\\n' | sort
if docker info >/dev/null 2>&1; then
  docker ps -aq --no-trunc | sort | xargs -r docker inspect --format '{{.Id}} {{.Name}} {{.Image}} {{.State.Status}} {{.State.StartedAt}}'
  docker image ls -a --no-trunc --digests --format '{{.Repository}}:{{.Tag}} {{.Digest}} {{.ID}}' | sort
  docker volume ls -q | sort
  docker network ls --no-trunc -q | sort
fi`,
    { user: 'root' },
  );
}
