/** What a deploy is asked to do: plain values that the edge has read, checked and merged. */
import type { HostAddress, ConnectionSettings } from '../ssh/settings.js';
import type { RegistryLogin } from '../host/registry-login.js';
import type { GivenReaction } from '../release/file-reaction.js';

/** A hook as the config writes it, its command as argv (a string in the config becomes `[sh, -c, string]`). */
export interface Hook {
  readonly kind: 'run' | 'exec' | 'host';
  /** The service of `run` and `exec`. */
  readonly service?: string;
  readonly command: readonly string[];
  /** Milliseconds. */
  readonly timeout: number;
  readonly onReturn?: 'rerun';
}

export interface DeployRequest {
  readonly operation: 'deploy' | 'plan';
  readonly environment: string | undefined;
  readonly project: string;
  /** On the host; absolute, or beginning with `~/`. */
  readonly path: string;
  /** Absolute folder of the config file on the runner: `composeFiles`, `ship` and `envFile` are relative to it. */
  readonly root: string;
  /** The same as seen from the checkout, where annotations look; `''` for the checkout itself. */
  readonly shownRoot: string;
  /** Empty: the file that Compose itself would pick. */
  readonly composeFiles: readonly string[];
  readonly profiles: readonly string[];
  readonly scale: Readonly<Record<string, number>>;
  readonly ship: readonly string[];
  /** The name of the config's `env-file`, relative to root, when there is one. */
  readonly envFile: string | undefined;
  /** What is given for the environment of the stack: env-file, then env-names, then env. */
  readonly env: Readonly<Record<string, string>>;
  /** Names in the input `env` without a value: a secret that is not set looks like that. */
  readonly givenEmpty: readonly string[];
  /** What that is laid over: nothing, or the host's own `.env`; with `host` that file is the whole truth. */
  readonly envSource: 'checkout' | 'host' | 'merge';
  /** What becomes of a file that someone changed on the host. */
  readonly drift: 'stop' | 'keep' | 'overwrite';
  /** What becomes of a stack that was started by hand and cannot be proven: refused, or taken as it is. */
  readonly adopt: 'exact' | 'inexact';
  readonly hosts: readonly HostAddress[];
  readonly connection: ConnectionSettings;
  readonly sudo: boolean;
  readonly registries: readonly RegistryLogin[];
  readonly version: string;
  readonly commit: string;
  readonly actor: string;
  readonly runUrl: string;
  /** Whether a run may put another commit over the one of a newer run. */
  readonly stale: 'refuse' | 'allow';
  readonly reason: string;
  readonly hooks: {
    readonly beforeSwitch: readonly Hook[];
    readonly afterSwitch: readonly Hook[];
  };
  /** Milliseconds. */
  readonly health: { readonly timeout: number; readonly stable: number };
  readonly onFileChange: Readonly<Record<string, GivenReaction>>;
  readonly pull: Readonly<Record<string, 'auto' | 'always'>>;
  readonly forceRecreate: boolean;
  readonly build: 'auto' | 'never';
  readonly rollback: 'auto' | 'never';
  readonly prune: 'own' | 'dangling' | 'build-cache' | 'none';
  readonly keepReleases: number;
  /** Milliseconds. */
  readonly lockTimeout: number;
  readonly forceUnlock: string | undefined;
  readonly url: string | undefined;
}
