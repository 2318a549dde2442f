/** The plan as a summary shows it: the services that change in a table, the others in a line, names of what else is new. */
import type { DeployResult } from '../operations/result.js';
import type { Plan, PlanNames, ServiceAction, ServicePlan } from '../release/plan.js';
import { code, codes, plain, table } from './markdown.js';

const WILL: Readonly<Record<ServiceAction, string>> = {
  keep: 'keep',
  recreate: 'recreate',
  restart: 'restart',
  signal: 'signal',
  create: 'create',
  start: 'start',
  scale: 'scale',
  remove: 'remove',
};

const DONE: Readonly<Record<ServiceAction, string>> = {
  keep: 'kept',
  recreate: 'recreated',
  restart: 'restarted',
  signal: 'signalled',
  create: 'created',
  start: 'started',
  scale: 'scaled',
  remove: 'removed',
};

export function planParts({ plan, verdict }: DeployResult): string[] {
  if (plan === undefined || verdict === 'unchanged') return [];
  const words = verdict === 'deployed' ? DONE : WILL;
  const touched = plan.services.filter(({ action }) => action !== 'keep');
  const kept = plan.services.filter(({ action }) => action === 'keep');
  return [
    touched.length === 0 ? 'No container changes.' : servicesTable(touched, words),
    ...(kept.length === 0 ? [] : [`Untouched: ${codes(kept.map(({ service }) => service))}`]),
    ...otherChanges(plan),
  ];
}

function servicesTable(services: readonly ServicePlan[], words: Readonly<Record<ServiceAction, string>>): string {
  const rows = services.map(({ service, action, reasons, image }) => [
    plain(service),
    words[action],
    reasons.map(plain).join('; '),
    image === undefined ? '' : imageChange(image),
  ]);
  return table(['service', 'action', 'why', 'image'], rows);
}

function imageChange({ from, to }: NonNullable<ServicePlan['image']>): string {
  return from === undefined || from === to ? code(short(to)) : `${code(short(from))} → ${code(short(to))}`;
}

/** Twelve digits of a digest are enough to tell two apart, and let a table fit. */
const short = (image: string): string => image.replace(/(sha256:[0-9a-f]{12})[0-9a-f]+/, '$1');

function otherChanges({ files, env, networks, volumes, hooks }: Plan): string[] {
  const lines = [
    namesLine('Files', files),
    namesLine('Variables', env),
    namesLine('Networks', networks),
    namesLine('Volumes', volumes),
    hooks.length === 0 ? '' : `- Hooks: ${codes(hooks)}`,
  ].filter((line) => line !== '');
  return lines.length === 0 ? [] : [lines.join('\n')];
}

function namesLine(title: string, { added, changed, removed }: PlanNames): string {
  const kinds: [string, readonly string[]][] = [
    ['new', added],
    ['changed', changed],
    ['gone', removed],
  ];
  const said = kinds.filter(([, names]) => names.length > 0).map(([kind, names]) => `${kind} ${codes(names)}`);
  return said.length === 0 ? '' : `- ${title}: ${said.join('; ')}`;
}
