/** One step as shell text: calls of docker, of Compose, and of the script's functions. */
import { writeDuration } from '../base/duration.js';
import { joined, sh, type ShellText } from '../ssh/shell-text.js';
import { inTurn } from './engine-turn.js';
import { signalText } from './reload.js';
import type { ScriptContext } from './script.js';
import type { FileChange, Renamed, Retag, Step } from './steps.js';

export function stepText(context: Pick<ScriptContext, 'up'>, step: Step): ShellText {
  switch (step.kind) {
    case 'install':
      return all(step.changes.filter(({ change }) => change !== 'keep').map(installText));
    case 'restore':
      return all(step.changes.map((change) => restoreText(change, step.as)));
    case 'stop':
      return all([sh`docker stop ${step.containers}`, ...(step.renamed ?? []).map(renameText)]);
    case 'stop-service':
      return sh`ids=$(containers ${step.service}) && { test -z "$ids" || docker stop $ids; }`;
    case 'start':
      // A container that kept its name cannot be given it.
      return all([
        ...(step.renamed ?? []).map((one) => sh`{ ${renameText(one)} || :; }`),
        ...(step.containers.length === 0 ? [] : [sh`docker start ${step.containers}`]),
      ]);
    case 'retag':
      return step.retags.length === 0 ? sh`:` : inTurn(retagText(step.retags));
    case 'up':
      return upText(step, context);
    case 'restart':
      return sh`docker restart ${step.containers}`;
    case 'signal':
      return signalText(step);
    case 'test':
      return testText(step);
    case 'wait':
      return sh`wait_until ${step.service} ${step.condition} ${step.seconds}`;
    case 'remove-service':
      return sh`ids=$(containers ${step.service}) && { test -z "$ids" || docker rm -f $ids; }`;
    case 'remove-replicas':
      return sh`remove_replicas ${step.service} ${step.names.length} ${step.names}`;
    case 'remove-network':
      return sh`{ docker network rm ${step.network} || :; }`;
    case 'free-name':
      return freeNameText(step);
    case 'drop-network':
      return sh`{ docker network rm ${step.network} || ! docker network inspect ${step.network} >/dev/null 2>&1; }`;
    case 'heal-names':
      return sh`heal_names whole`;
    case 'remove-hooks':
      return sh`remove_hooks ${step.names}`;
    case 'hook':
      return hookText(step);
  }
}

function freeNameText({ service, name }: Extract<Step, { kind: 'free-name' }>): ShellText {
  const named = `name=^/?${name.replaceAll('.', '[.]')}$`;
  const of = sh`--filter "label=com.docker.compose.project=$project" --filter ${`label=com.docker.compose.service=${service}`}`;
  return sh`id=$(docker ps -aq ${of} --filter ${named}) && { test -z "$id" || docker rename "$id" ${name}-moved-"$id"; }`;
}

function upText(step: Extract<Step, { kind: 'up' }>, { up }: Pick<ScriptContext, 'up'>): ShellText {
  const calls = all(up(step.services, { force: step.force, createOnly: step.createOnly }));
  return step.retags.length === 0 ? calls : inTurn(all([retagText(step.retags), calls]));
}

function hookText(hook: Extract<Step, { kind: 'hook' }>): ShellText {
  const { container, mountPoints = [] } = hook;
  const call = hookCall(hook);
  const room = mountPoints.length > 0;
  if (!room && container === undefined) return call;
  const begin = room ? sh`make_room ${mountPoints} && ${call}` : call;
  const ends = [
    ...(container === undefined ? [] : [sh`test $code -eq 0 || remove_hooks ${`${container}$`}`]),
    ...(room ? [sh`clear_room`] : []),
  ];
  return sh`code=0; { ${begin}; } || code=$?; ${joined(ends, '; ')}; return $code`;
}

function testText({
  command,
  seconds,
  container,
  mountPoints,
  byDefault,
  service,
}: Extract<Step, { kind: 'test' }>): ShellText {
  const call = sh`limited ${seconds} ${writeDuration(seconds * 1000)} 0 ${command}`;
  const begin = mountPoints.length > 0 ? sh`make_room ${mountPoints} && ${call}` : call;
  const without = sh`if lacks_program; then echo ${`${service} does not have the program that would test its new files: they are not tested`}; return 0; fi`;
  return joined(
    [
      sh`code=0; { ${begin}; } || code=$?`,
      sh`test $code -eq 0 || remove_hooks ${`${container}$`}`,
      ...(mountPoints.length > 0 ? [sh`clear_room`] : []),
      sh`test $code -ne 0 || return 0`,
      ...(byDefault ? [without] : []),
      sh`case $why in timed*) ;; *) why=$(judged) ;; esac; return $code`,
    ],
    '; ',
  );
}

/** Seconds within which what has a limit of its own must end. */
const GRACE = 15;

function hookCall({ seconds, command, inside }: Extract<Step, { kind: 'hook' }>): ShellText {
  const words = writeDuration(seconds * 1000);
  const call = sh`limited ${seconds} ${words} 0 ${command}`;
  if (inside === undefined) return call;
  const left = `, and may go on inside ${inside.service}, which has no "timeout" to end it`;
  return sh`if ${inside.possible} >/dev/null 2>&1; then limited ${seconds} ${words} ${GRACE} ${inside.command}; else left=${left}; ${call}; fi`;
}

function renameText({ id, name }: Renamed): ShellText {
  return sh`docker rename ${id} ${name}`;
}

function restoreText({ path, shippedBy, inPlace }: FileChange, as: 'before' | 'shipped'): ShellText {
  if (inPlace === true) return sh`rewrite_file before ${path}`;
  if (as === 'before' || shippedBy === undefined) return sh`restore_file ${path}`;
  return sh`put "$release/../"${shippedBy}/files/${path} "$path/"${path}`;
}

function installText({ path, change, inPlace }: FileChange): ShellText {
  if (inPlace === true) return sh`rewrite_file files ${path}`;
  return change === 'write' ? sh`install_file ${path}` : sh`remove_file ${path}`;
}

/** All names at once: the docker client is slow to start and the engine is not. */
function retagText(retags: readonly Retag[]): ShellText {
  if (retags.length === 0) return sh`:`;
  const one = ({ reference, id }: Retag): ShellText =>
    id === undefined ? sh`{ docker rmi ${reference} || :; }` : sh`docker tag ${id} ${reference}`;
  if (retags.length === 1) return joined(retags.map(one), ' && ');
  return sh`{ pids=; ${joined(
    retags.map((retag) => sh`{ ${one(retag)} & } && pids="$pids $!"`),
    ' && ',
  )}; tagged=0; for pid in $pids; do wait "$pid" || tagged=1; done; test $tagged -eq 0; }`;
}

function all(texts: readonly ShellText[]): ShellText {
  return texts.length === 0 ? sh`:` : joined(texts, ' && ');
}
