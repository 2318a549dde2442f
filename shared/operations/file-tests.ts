/** The steps that judge new files before the switch, each in a container of the new image that nothing else sees. */
import type { ComposeCall } from '../compose/command.js';
import { projectArguments } from '../compose/command.js';
import { hookMountPoints } from '../release/hook-file.js';
import type { FileTest } from '../release/file-reaction.js';
import type { ServicePlan } from '../release/plan.js';
import type { Step } from '../release/steps.js';
import { testFile } from '../release/test-file.js';
import type { TarEntry } from '../ssh/ship.js';
import { hookContainers, hookFileName, hookInput, type Subject } from './hook-scripts.js';

/** Seconds: a container's start, and a look at some files. */
const LIMIT = 120;

export interface FileTests {
  readonly steps: readonly Step[];
  readonly entries: readonly TarEntry[];
}

/** @param first number that no hook has */
export function fileTests(subject: Subject, here: ComposeCall, first: number): FileTests {
  const due = subject.release.plan.services.flatMap(
    ({ service, action, test }): [ServicePlan['service'], FileTest][] =>
      test === undefined || action === 'remove' ? [] : [[service, test]],
  );
  return {
    steps: due.map(([service, test], index) => testStep(service, test, first + index, subject, here)),
    entries: due.map(([service], index) => ({
      path: hookFileName(first + index),
      mode: 0o600,
      content: testFile(hookInput(service, subject), absentNames(service, subject)),
    })),
  };
}

function testStep(service: string, test: FileTest, index: number, subject: Subject, here: ComposeCall): Step {
  const { host, request, release } = subject;
  const container = `${hookContainers(subject)}${index + 1}`;
  const call: ComposeCall = {
    project: request.project,
    directory: here.directory,
    files: [`${release.layout.directory}/${hookFileName(index)}`],
  };
  const entrypoint = test.entrypoint === undefined ? [] : ['--entrypoint', test.entrypoint];
  return {
    kind: 'test',
    service,
    words: [...(test.entrypoint === undefined ? [] : [test.entrypoint]), ...test.command].join(' '),
    command: host.compose([
      ...projectArguments(call),
      ...['run', '--rm', '--no-deps', '-T', '--name', container, ...entrypoint],
      ...[service, ...test.command],
    ]),
    seconds: LIMIT,
    container,
    mountPoints: hookMountPoints(hookInput(service, subject)),
    byDefault: test.byDefault,
  };
}

/** Services that do not run yet, or not on a network of this one, by all that they will be called; and what this one's links call the others. */
function absentNames(service: string, { release }: Subject): string[] {
  const { model, stagedModel } = release.staged;
  const raw = JSON.parse(stagedModel) as {
    readonly services: Readonly<
      Record<string, { readonly networks?: Readonly<Record<string, { readonly aliases?: string[] } | null>> }>
    >;
  };
  const networks = (model.services[service]?.networks ?? []).flatMap((key) => {
    const network = model.networks[key];
    const there = network !== undefined && (network.external || release.networksBefore.includes(network.name));
    return there ? [network.name] : [];
  });
  const answers = (name: string): boolean =>
    (release.observedBefore.get(name) ?? []).some(
      (one) => one.status === 'running' && one.networks.some((network) => networks.includes(network)),
    );
  const called = Object.values(model.services)
    .filter(({ name }) => name !== service && !answers(name))
    .flatMap(({ name, containerName }) => [
      name,
      ...(containerName === undefined ? [] : [containerName]),
      ...Object.values(raw.services[name]?.networks ?? {}).flatMap((network) => network?.aliases ?? []),
    ]);
  const links = (model.services[service]?.links ?? []).flatMap((link) => link.split(':')[1] ?? []);
  return [...new Set([...called, ...links])].sort();
}
