// Runs a committed bundle as the runner does: node 24, INPUT_* and GITHUB_* in the environment, files for what it answers.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { repositoryRoot } from '../../hosts/rig.js';
import type { TestHost } from '../../hosts/host.js';
import type { Checkout } from './checkout.js';

export interface ActionResult {
  readonly status: number | null;
  /** Everything it printed, commands of the runner included. */
  readonly log: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
  /** The JSON file that `report` names, as text. */
  readonly report: string;
}

export interface ActionOptions {
  readonly checkout: Checkout;
  readonly inputs?: Readonly<Record<string, string>>;
  /** Beside what a runner sets. */
  readonly env?: Readonly<Record<string, string>>;
  readonly commit?: string;
  /** Told the process as soon as it runs, to send it signals. */
  readonly onStart?: (child: ChildProcess) => void;
}

/** The node that the runner has. */
export const node24 = process.env['HOMEPORT_NODE24'] ?? join(homedir(), '.cache/homeport-test/node24/bin/node');
/** What GitHub has of the action. */
export const bundleFolder = join(repositoryRoot(), 'action-deploy/dist');
let runs = 0;

/** One run of action-deploy in a job. */
export async function runAction(options: ActionOptions): Promise<ActionResult> {
  const folder = await mkdtemp(join(tmpdir(), 'homeport-run-'));
  const file = (name: string): string => join(folder, name);
  try {
    await Promise.all(['output', 'summary', 'state', 'env', 'path'].map(async (name) => writeFile(file(name), '')));
    runs += 1;
    const given = { ...(await defaults()), ...options.inputs };
    const inputs = Object.entries(given).map(([name, value]): [string, string] => [
      `INPUT_${name.toUpperCase()}`,
      value,
    ]);
    const child = spawn(node24, [join(bundleFolder, 'index.js')], {
      cwd: options.checkout.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        CI: 'true',
        GITHUB_ACTIONS: 'true',
        GITHUB_WORKSPACE: options.checkout.folder,
        GITHUB_REPOSITORY: 'acme/shop',
        GITHUB_SERVER_URL: 'https://github.test',
        GITHUB_RUN_ID: String(1000 + runs),
        GITHUB_RUN_ATTEMPT: '1',
        GITHUB_ACTOR: 'octocat',
        GITHUB_SHA: options.commit ?? `${String(runs).padStart(4, '0')}abcdef0123456789abcdef0123456789abcd`,
        GITHUB_REF_NAME: 'main',
        GITHUB_EVENT_NAME: 'push',
        RUNNER_TEMP: folder,
        RUNNER_OS: 'Linux',
        GITHUB_OUTPUT: file('output'),
        GITHUB_STEP_SUMMARY: file('summary'),
        GITHUB_STATE: file('state'),
        GITHUB_ENV: file('env'),
        GITHUB_PATH: file('path'),
        ...Object.fromEntries(inputs),
        ...options.env,
      },
    });
    options.onStart?.(child);
    let log = '';
    child.stdout.on('data', (part: Buffer) => (log += part.toString()));
    child.stderr.on('data', (part: Buffer) => (log += part.toString()));
    const status = await new Promise<number | null>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    });
    const outputs = parseOutputs(await readFile(file('output'), 'utf8'));
    const report = outputs['report'] === undefined ? '' : await readFile(outputs['report'], 'utf8').catch(() => '');
    return { status, log, outputs, summary: await readFile(file('summary'), 'utf8'), report };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What the runner gives where a workflow says nothing; the token is one that no registry knows. */
async function defaults(): Promise<Record<string, string>> {
  const action = parse(await readFile(join(repositoryRoot(), 'action-deploy/action.yml'), 'utf8')) as {
    readonly inputs: Readonly<Record<string, { readonly default?: string }>>;
  };
  return Object.fromEntries(
    Object.entries(action.inputs).map(([name, { default: value = '' }]) => [
      name,
      value.replace('${{ github.token }}', 'ghs_0TheTokenOfTheTestJob0'),
    ]),
  );
}

/** The inputs that reach a test host. */
export function reaching(host: TestHost): Record<string, string> {
  return { host: host.destination, 'ssh-private-key': host.privateKey, 'known-hosts': host.knownHosts };
}

/** Deploys a checkout to a test host, path /srv/shop, project shop. */
export async function deploy(
  host: TestHost,
  checkout: Checkout,
  inputs: Readonly<Record<string, string>> = {},
  more: Partial<ActionOptions> = {},
): Promise<ActionResult> {
  return runAction({ checkout, ...more, inputs: { project: 'shop', path: '/srv/shop', ...reaching(host), ...inputs } });
}

/** `name<<delimiter … delimiter` blocks, as the runner reads them. */
function parseOutputs(text: string): Record<string, string> {
  const outputs: Record<string, string> = {};
  const lines = text.split('\n');
  for (let at = 0; at < lines.length; at += 1) {
    const match = /^([\w-]+)<<(.+)$/.exec(lines[at] ?? '');
    if (match === null) continue;
    const end = lines.indexOf(match[2] ?? '', at + 1);
    outputs[match[1] ?? ''] = lines.slice(at + 1, end).join('\n');
    at = end;
  }
  return outputs;
}
