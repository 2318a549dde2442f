/** The scripts of a release, written beforehand: its hooks, the switch and its revert, what comes after the switch. */
import { posix } from 'node:path';
import { dependencyLevels } from '../compose/order.js';
import { upCommands, type ComposeCall } from '../compose/command.js';
import type { Job } from '../host/job.js';
import { publishedPorts } from '../release/claims.js';
import { engineLock } from '../release/engine-turn.js';
import { hookStep } from '../release/hook-steps.js';
import { knownProxy } from '../release/known-proxy.js';
import { revertSteps } from '../release/revert.js';
import { renderScript, type ScriptContext } from '../release/script.js';
import type { NumberedStep, Step } from '../release/steps.js';
import { switchSteps, type SwitchInput, type SwitchService } from '../release/switch.js';
import { lines, sh, type ShellText } from '../ssh/shell-text.js';
import type { TarEntry } from '../ssh/ship.js';
import { composeCall } from './compose-calls.js';
import { hooksAgain } from './hooks-again.js';
import { inPlaceWhereSignalled } from './file-changes.js';
import { finishEntry } from './finish.js';
import { fileTests } from './file-tests.js';
import { earlyHook, hookContainers, hookFileEntry, lateHooks, place, type Subject } from './hook-scripts.js';
import { sameAsStagedText } from './meanwhile.js';
import type { OpenHost } from './open-host.js';
import type { PreparedRelease } from './prepared.js';

export interface ReleaseScripts {
  /** The files of the release's folder. */
  readonly entries: readonly TarEntry[];
  /** Keeps the bytes that the switch will replace. */
  readonly keepFiles: ShellText;
  readonly steps: {
    readonly tests: readonly NumberedStep[];
    readonly hooks: readonly NumberedStep[];
    readonly switch: readonly NumberedStep[];
    readonly after: readonly NumberedStep[];
  };
}

export function releaseScripts(subject: Subject): ReleaseScripts {
  const { host, request, release } = subject;
  const here = composeCall(
    { project: request.project, composeFiles: release.files.composeFiles, profiles: request.profiles },
    host.layout.path,
  );
  const before = request.hooks.beforeSwitch.map((hook, index) => ({ hook, index }));
  const early = before.filter(({ hook }) => release.previous !== undefined || hook.kind === 'host');
  const late = before.filter((one) => !early.includes(one));

  const hooks = numbered(early.map(({ hook, index }) => earlyHook(hook, index, subject, here)));
  const tests = fileTests(subject, here, before.length + request.hooks.afterSwitch.length);
  const again = hooksAgain(subject, before.length + request.hooks.afterSwitch.length + tests.steps.length);
  const oneOffs = [...request.hooks.beforeSwitch, ...request.hooks.afterSwitch, ...again.hooks];
  const runs = oneOffs.some(({ kind }) => kind === 'run');
  const input = switchInput(
    subject,
    late.flatMap(({ hook, index }) => lateHooks(hook, index, subject, here)),
  );
  const switched = switchSteps(input);
  const revert = revertSteps(
    {
      ...input,
      previous: release.previous,
      namesBefore: release.namesBefore,
      newNetworks: newNetworks(release),
      again: again.steps,
      hookContainers: runs ? hookContainers(subject) : undefined,
    },
    switched,
  );
  const after = numbered(
    request.hooks.afterSwitch.map((hook, index) => hookStep(hook, place(subject, here, before.length + index))),
  );

  const context = (
    job: ScriptContext['job'],
    call: ComposeCall,
    onFailure: ScriptContext['onFailure'],
  ): ScriptContext => ({
    job,
    release: release.layout,
    path: host.layout.path,
    project: request.project,
    docker: host.docker,
    up: upIn(host, call),
    engineLock: engineLock(host.facts.dockerRoot),
    lock: job === 'revert' ? undefined : { tokenFile: host.layout.lockToken, token: subject.token },
    onFailure,
  });
  // The host needs nobody to go back, and the runner may be gone.
  const onFailure = request.rollback === 'auto' ? 'turn-back' : 'stop';
  const back = release.previous === undefined ? here : composeCall(release.previous, host.layout.path);
  return {
    entries: [
      ...(tests.steps.length === 0
        ? []
        : [script('tests', renderScript(context('tests', here, 'stop'), numbered(tests.steps))), ...tests.entries]),
      script('hooks', renderScript(context('hooks', here, 'stop'), hooks)),
      script('switch', renderScript(context('switch', here, onFailure), switched)),
      script('after', renderScript(context('after', here, onFailure), after)),
      script('revert', renderScript(context('revert', back, 'go-on'), revert)),
      finishEntry(host, release),
      ...early.filter(({ hook }) => hook.kind === 'run').map(({ hook, index }) => hookFileEntry(hook, index, subject)),
    ],
    keepFiles: keepFilesText(release, host.layout.path),
    steps: { tests: numbered(tests.steps), hooks, switch: switched, after },
  };
}

/** A job of this release by its script's name. */
export function jobOf(host: OpenHost, { layout }: Pick<PreparedRelease, 'layout'>, name: ScriptContext['job']): Job {
  return {
    script: `${layout.directory}/${name}`,
    journal: layout.journal,
    output: layout.output,
    lockFile: host.layout.jobLock,
  };
}

function switchInput({ host, request, release }: Subject, hooks: SwitchInput['hooks']): SwitchInput {
  const { model } = release.staged;
  const services = release.plan.services.map((planned): [string, SwitchService] => {
    const service = model.services[planned.service];
    const dependsOn = Object.entries(service?.dependsOn ?? {}).map(([name, { condition }]) => [name, condition]);
    return [
      planned.service,
      {
        ...planned,
        wanted: release.images.get(planned.service),
        containers: release.observedBefore.get(planned.service) ?? [],
        dependsOn: Object.fromEntries(dependsOn) as Record<string, string>,
        ports: publishedPorts(service?.ports ?? []),
        portsBefore: release.previous?.services[planned.service]?.ports ?? [],
        containerName: service?.containerName,
        looksUp:
          service === undefined || request.onFileChange[planned.service] === 'ignore'
            ? undefined
            : knownProxy(service, [])?.signal,
        ...(service === undefined ? {} : { replicas: service.replicas }),
      },
    ];
  });
  return {
    services: new Map(services),
    levels: dependencyLevels(model),
    files: inPlaceWhereSignalled(release.filePlan.changes, release.plan.services, { model, path: host.layout.path }),
    changedNetworks: release.plan.networks.changed,
    healthTimeout: request.health.timeout,
    hooks,
  };
}

function upIn(host: OpenHost, call: ComposeCall): ScriptContext['up'] {
  return (services, { force, createOnly }) =>
    upCommands(call, services, { composeVersion: host.facts.composeVersion, forceRecreate: force, createOnly }).map(
      (args) => host.compose(args),
    );
}

/** The networks that exist only once the new release does. */
function newNetworks({ staged, networksBefore }: PreparedRelease): string[] {
  return Object.values(staged.model.networks)
    .filter(({ external, name }) => !external && !networksBefore.includes(name))
    .map(({ name }) => name);
}

function keepFilesText({ layout, filePlan, files, staged }: PreparedRelease, path: string): ShellText {
  const links = new Set(
    files.files.flatMap(({ path: name, content }) => (typeof content === 'object' && 'linkTo' in content ? name : [])),
  );
  const setAside = filePlan.drift.filter(({ becomes }) => becomes === 'overwritten').map((one) => one.path);
  return lines(
    sameAsStagedText(
      filePlan.changes.map((one) => one.path).filter((name) => !links.has(name)),
      staged.hostFiles,
      path,
    ),
    sh`keep() {
  test -f ${path}/"$1" || test -L ${path}/"$1" || return 0
  case $1 in */*) mkdir -p ${layout.directory}/before/"\${1%/*}" || return 1 ;; esac
  cp -pP ${path}/"$1" ${layout.directory}/before/"$1"
}`,
    sh`mkdir -p ${layout.directory}/before || exit 1`,
    ...filePlan.changes.map((change) => sh`keep ${change.path} || exit 1`),
    ...setAside.map(
      (file) =>
        sh`(umask 077; mkdir -p ${posix.dirname(`${layout.drifted}/${file}`)}) && cp -pP ${`${path}/${file}`} ${`${layout.drifted}/${file}`} || exit 1`,
    ),
  );
}

function script(path: string, text: ShellText): TarEntry {
  return { path, mode: 0o700, content: `${text.text}\n` };
}

function numbered(steps: readonly Step[]): NumberedStep[] {
  return steps.map((step, index) => ({ number: index + 1, step }));
}
