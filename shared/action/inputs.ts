/** The inputs that every action has, and those of action-deploy. `action.yml` describes them; a test compares the two. */
import type { ConnectionSettings } from '../ssh/settings.js';
import { InputReader } from './input-reader.js';
import { Problems } from './problems.js';

export interface CommonInputs {
  /** A path, YAML, or empty. */
  readonly config: string;
  readonly environment: string;
  readonly workingDirectory: string;
  readonly project: string | undefined;
  readonly path: string | undefined;
  readonly composeFiles: readonly string[];
  readonly hosts: readonly string[];
  readonly connection: ConnectionSettings;
  readonly sudo: boolean;
  /** Dotenv text. */
  readonly env: string;
  readonly envNames: readonly string[];
  /** One login a line. */
  readonly registries: string;
  /** Milliseconds. */
  readonly lockTimeout: number;
  readonly forceUnlock: string | undefined;
  readonly githubToken: string | undefined;
  readonly deployment: 'auto' | 'create' | 'none';
  readonly reason: string;
}

export interface DeployInputs extends CommonInputs {
  readonly operation: 'deploy' | 'plan' | 'remove';
  readonly source: 'checkout' | 'current';
  readonly version: string | undefined;
  readonly images: readonly string[];
  readonly services: readonly string[];
  readonly scale: Readonly<Record<string, number>>;
  readonly restart: readonly string[];
  readonly forceRecreate: boolean;
  readonly build: 'auto' | 'never' | 'fresh';
  readonly backup: 'auto' | 'always' | 'never';
  readonly rollback: 'auto' | 'never';
  readonly restoreBackup: 'never' | 'release';
  /** Milliseconds. */
  readonly confirmTimeout: number;
  readonly stale: 'refuse' | 'allow';
  readonly task: string | undefined;
  readonly prune: 'own' | 'dangling' | 'build-cache' | 'none';
  readonly removeVolumes: readonly string[];
}

export const DEFAULT_CONFIRM_TIMEOUT = 120_000;

/** @throws UserError with everything that is wrong with the inputs, unknown ones too */
export function readDeployInputs(): DeployInputs {
  const problems = new Problems();
  const reader = new InputReader(problems);
  const inputs = deployInputs(reader);
  reader.refuseUnknown();
  problems.throwIfAny();
  return inputs;
}

/** The names of the inputs that action-deploy reads. */
export function deployInputNames(): readonly string[] {
  const reader = new InputReader(new Problems());
  deployInputs(reader);
  return reader.known;
}

function deployInputs(read: InputReader): DeployInputs {
  const operation = read.choice('operation', ['deploy', 'plan', 'remove']);
  const dryRun = read.flag('dry-run');
  return {
    ...commonInputs(read),
    operation: dryRun && operation === 'deploy' ? 'plan' : operation,
    source: read.choice('source', ['checkout', 'current']),
    version: read.text('version'),
    images: read.list('images'),
    services: read.list('services'),
    scale: read.counts('scale'),
    restart: read.list('restart'),
    forceRecreate: read.flag('force-recreate'),
    build: read.choice('build', ['auto', 'never', 'fresh']),
    backup: read.choice('backup', ['auto', 'always', 'never']),
    rollback: read.choice('rollback', ['auto', 'never']),
    restoreBackup: read.choice('restore-backup', ['never', 'release']),
    confirmTimeout: read.duration('confirm-timeout', '120s'),
    stale: read.choice('stale', ['refuse', 'allow']),
    task: read.text('task'),
    prune: read.choice('prune', ['own', 'dangling', 'build-cache', 'none']),
    removeVolumes: read.list('remove-volumes'),
  };
}

function commonInputs(read: InputReader): CommonInputs {
  return {
    config: read.text('config') ?? '',
    environment: read.text('environment') ?? '',
    workingDirectory: read.text('working-directory') ?? '.',
    project: read.text('project'),
    path: read.text('path'),
    composeFiles: read.list('compose-files'),
    hosts: read.list('host'),
    connection: connectionInputs(read),
    sudo: read.flag('sudo'),
    env: read.secretText('env'),
    envNames: read.list('env-names'),
    registries: read.text('registries') ?? '',
    lockTimeout: read.duration('lock-timeout', '10m'),
    forceUnlock: read.text('force-unlock'),
    githubToken: read.text('github-token'),
    deployment: read.choice('deployment', ['auto', 'create', 'none']),
    reason: read.text('reason') ?? '',
  };
}

function connectionInputs(read: InputReader): ConnectionSettings {
  return {
    privateKey: read.verbatim('ssh-private-key'),
    passphrase: read.verbatim('ssh-passphrase'),
    certificate: read.text('ssh-certificate'),
    knownHosts: read.text('known-hosts'),
    jump: read.text('ssh-jump'),
    extraOptions: read.text('ssh-config'),
    connectTimeout: read.duration('connect-timeout', '60s'),
  };
}
