/** A release's hooks as steps: where each of them runs, and with which files. */
import { dependenciesOf, dependencyLevels } from '../compose/order.js';
import type { ComposeCall } from '../compose/command.js';
import { hookFile, hookMountPoints, type HookFileInput } from '../release/hook-file.js';
import { hookStep, type HookTask } from '../release/hook-steps.js';
import type { Step } from '../release/steps.js';
import type { SwitchInput } from '../release/switch.js';
import type { TarEntry } from '../ssh/ship.js';
import { composeCall } from './compose-calls.js';
import type { OpenHost } from './open-host.js';
import type { PreparedRelease } from './prepared.js';
import type { DeployRequest } from './request.js';

/** What the scripts are of. */
export interface Subject {
  readonly host: OpenHost;
  readonly request: DeployRequest;
  readonly release: PreparedRelease;
  readonly token: string;
}

/** While the old release serves: a `run` gets a file of its own, an `exec` the service as it is now. */
export function earlyHook(hook: HookTask, index: number, subject: Subject, here: ComposeCall): Step {
  const { host, request, release } = subject;
  if (hook.kind === 'run') {
    const call: ComposeCall = {
      project: request.project,
      directory: here.directory,
      files: [`${release.layout.directory}/${hookFileName(index)}`],
    };
    return hookStep(hook, place(subject, call, index), hookMountPoints(hookInput(hook.service ?? '', subject)));
  }
  return hookStep(
    hook,
    place(subject, release.previous === undefined ? here : composeCall(release.previous, host.layout.path), index),
  );
}

/** At a first deploy nothing runs that a migration could migrate: it follows what its service depends on. */
export function lateHooks(hook: HookTask, index: number, subject: Subject, here: ComposeCall): SwitchInput['hooks'] {
  const { model } = subject.release.staged;
  const service = model.services[hook.service ?? ''];
  if (service === undefined) return [];
  const needs = hook.kind === 'exec' ? [service.name] : dependenciesOf(service, model);
  const levels = dependencyLevels(model);
  const afterLevel = Math.max(-1, ...needs.map((name) => levels.findIndex((level) => level.includes(name))));
  const image = subject.release.images.get(service.name);
  const retag: Step[] =
    image === undefined || image.reference.includes('@')
      ? []
      : [{ kind: 'retag', retags: [{ reference: image.reference, id: image.id }] }];
  const seconds = Math.max(1, Math.ceil(subject.request.health.timeout / 1000));
  const ready = needs.flatMap((name): Step[] =>
    service.dependsOn[name]?.condition === 'service_healthy'
      ? [{ kind: 'wait', service: name, condition: 'healthy', seconds }]
      : [],
  );
  return [...retag, ...ready, hookStep(hook, place(subject, here, index))].map((step) => ({ afterLevel, step }));
}

/** @param index among all hooks of the release */
export function place(subject: Subject, call: ComposeCall, index: number): Parameters<typeof hookStep>[1] {
  const { host } = subject;
  return {
    path: host.layout.path,
    compose: (args) => host.compose(args),
    call,
    container: `${hookContainers(subject)}${index + 1}`,
    environment: host.environment,
  };
}

/** What the one-off containers of a release's hooks are called, up to their number: they are found by it whatever happens. */
export function hookContainers({ request, release }: Subject): string {
  return `${request.project}-${release.id}-hook-`;
}

export function hookFileEntry(hook: HookTask, index: number, subject: Subject): TarEntry {
  return { path: hookFileName(index), mode: 0o600, content: hookFile(hookInput(hook.service ?? '', subject)) };
}

export function hookInput(service: string, { host, release }: Subject): HookFileInput {
  // A link that is mounted by itself would be what it points to.
  const links = release.files.files.filter(({ content }) => typeof content === 'object' && 'linkTo' in content);
  const regular = (path: string): boolean => !links.some((link) => link.path === path);
  return {
    stagedModel: release.staged.stagedModel,
    service,
    imageId: release.images.get(service)?.id ?? '',
    staged: release.layout.files,
    path: host.layout.path,
    shipped: release.files.files,
    added: release.filePlan.added.filter(regular),
    changed: release.filePlan.changed.filter(regular),
    existingNetworks: release.networksBefore,
    existingVolumes: release.volumesBefore,
  };
}

/** Of a hook, or a test, by its place among all of them. */
export function hookFileName(index: number): string {
  return `hook-${index + 1}.json`;
}
