/** Whether the host is where it was before the switch: only then a return is said to be exact. */
import { ownName } from '../release/heal-names.js';
import { observe } from '../release/observe.js';
import { parseSums } from '../release/host-sums.js';
import { sh } from '../ssh/shell-text.js';
import { foreseenHash } from './planning.js';
import type { Switching } from './switching.js';

/** What the host runs now: after a return it must be what it was before. */
export async function looksAsBefore({
  host,
  request,
  release,
}: Pick<Switching, 'host' | 'request' | 'release'>): Promise<string[]> {
  const now = await observe(host.engine, request.project);
  const before = release.observedBefore;
  const problems: string[] = [];
  for (const [service, containers] of before) {
    const found = now.get(service) ?? [];
    if (found.length !== containers.length)
      problems.push(`${service} has ${found.length} of ${containers.length} containers`);
    problems.push(...renamed(service, containers, found));
    const [was] = containers;
    if (was === undefined) continue;
    if (found.some(({ imageId }) => imageId !== was.imageId))
      problems.push(`${service} runs another image than before`);
    // Who lives in another service's container is labelled with that container, and a return made a new one.
    const renewed = release.plan.services.find((plan) => plan.service === service);
    const follows = renewed !== undefined && foreseenHash(service, release) === undefined;
    // What was started by hand may have a label of another Compose; what returns has that of its files.
    const { verdict, services = {} } = release.previous ?? {};
    const adopted = verdict === 'adopted' ? services[service]?.configHash : undefined;
    if (!follows && found.some(({ configHash }) => configHash !== was.configHash && configHash !== adopted))
      problems.push(`${service} has another config than before`);
    if (was.status === 'running' && found.some(({ status }) => status !== 'running'))
      problems.push(`${service} is not running`);
    if (was.status !== 'running' && found.some(({ status }) => status === 'running'))
      problems.push(`${service} runs, and did not before`);
  }
  for (const service of now.keys()) if (!before.has(service)) problems.push(`${service} is still there`);
  return problems;
}

/** The files that the switch touched have the bytes again that they had when the release was staged. */
export async function filesAsBefore({ host, release }: Pick<Switching, 'host' | 'release'>): Promise<string[]> {
  const paths = release.filePlan.changes.map(({ path }) => path);
  if (paths.length === 0) return [];
  const result = await host.shell.run(
    sh`cd ${host.layout.path} 2>/dev/null && { xargs -0 sha256sum -- 2>/dev/null; } || :`,
    { stdin: paths.map((path) => `${path}\0`).join('') },
  );
  const now = parseSums(result.stdout);
  const links = new Set(
    release.files.files
      .filter(({ content }) => typeof content === 'object' && 'linkTo' in content)
      .map(({ path }) => path),
  );
  return paths
    .filter((path) => !links.has(path) && now.get(path) !== release.staged.hostFiles.get(path))
    .map((path) => `${path} is not what it was before`);
}

type Named = readonly { readonly name: string }[];

/** Others find a container by its name. One that had lost its own may have it again. */
function renamed(service: string, before: Named, now: Named): string[] {
  const expected = before.flatMap(({ name }) => [name, ownName(name)]);
  return now
    .filter(({ name }) => !expected.includes(name))
    .map(({ name }) => `a container of ${service} is called ${name}, as none was before`);
}
