/** Everything that a return to a release needs, and what a person wants to know about it: `manifest.json` on the host. */
import type { FileSources } from './file-sources.js';
import type { PlanFiles } from './plan.js';
import type { HookTask } from './hook-steps.js';
import type { Ran } from './ran.js';

/** The image a service serves with. `id` is what `docker inspect` calls it on this host's image store. */
export interface ReleaseImage {
  /** As the compose file names it; the release serves under this name. */
  readonly reference: string;
  readonly id: string;
  /** `repository@sha256:…`, by which it can be pulled again; absent for an image that was built on the host. */
  readonly pinned?: string;
  /** What went into an image built on the host: the same inputs need no second build. */
  readonly buildInputs?: string;
}

export interface ManifestService {
  readonly image: ReleaseImage;
  /** What Compose labels the containers with; empty when that could not be foreseen. */
  readonly configHash: string;
  readonly replicas: number;
  /** An exit with 0 is what it is for; where it ran on when the release was confirmed, it is not. */
  readonly oneShot: boolean;
  /** At the confirm; absent in older manifests and in those of releases that were not confirmed. */
  readonly ran?: Ran;
  /** Which services this one waits for, and for what: `service_started`, `service_healthy`, `service_completed_successfully`. */
  readonly dependsOn: Readonly<Record<string, string>>;
  /** The ports of the host that it publishes, `80/tcp`; absent in older manifests. */
  readonly ports?: readonly string[];
}

export interface ManifestFile {
  readonly path: string;
  readonly mode: number;
  readonly sha256: string;
  /** SHA-256 of the checkout's file, where someone's own on the host was kept in its place. */
  readonly insteadOf?: string;
}

/** The version of this file's shape; a manifest of another one is refused and not guessed at. */
export const MANIFEST_VERSION = 1;

export interface Manifest {
  readonly homeport: typeof MANIFEST_VERSION;
  readonly id: string;
  readonly project: string;
  readonly version: string;
  readonly commit: string;
  readonly actor: string;
  readonly runUrl: string;
  readonly reason: string;
  /** ISO 8601. */
  readonly createdAt: string;
  /** `adopted`: somebody had started it by hand. */
  readonly verdict: 'deployed' | 'adopted' | 'rolled-back' | 'failed';
  readonly previous: string | undefined;
  /** Relative to the project's path; the first one's folder is Compose's project directory. */
  readonly composeFiles: readonly string[];
  readonly profiles: readonly string[];
  /** Of an adopted release, relative: the env file of its Compose calls. Empty: the one that Compose finds by itself. */
  readonly envFile?: string;
  readonly scale: Readonly<Record<string, number>>;
  readonly services: Readonly<Record<string, ManifestService>>;
  /** Services in dependency order, those of one level side by side: a return needs it, and the host has no parser. */
  readonly levels: readonly (readonly string[])[];
  readonly files: readonly ManifestFile[];
  /** Name -> salted hash: tells which values changed. The values themselves are in the release's `.env`. */
  readonly env: Readonly<Record<string, string>>;
  /** Of configs and secrets; absent in older manifests. */
  readonly fileSources?: FileSources;
  /** Canonical text of each network's and volume's definition: a change of one is never silent. */
  readonly networks: Readonly<Record<string, string>>;
  readonly volumes: Readonly<Record<string, string>>;
  /** Hooks that a return to this release runs again; absent in older manifests. */
  readonly onReturn?: readonly HookTask[];
  readonly imageStore: 'classic' | 'containerd';
  readonly dockerVersion: string;
  readonly composeVersion: string;
  readonly changes?: PlanFiles;
  readonly phases: readonly { readonly name: string; readonly duration: number }[];
  /** Milliseconds. */
  readonly downtime: number | undefined;
}

/** @throws Error for text that is no manifest of this version. */
export function parseManifest(text: string): Manifest {
  const value: unknown = JSON.parse(text);
  const version = typeof value === 'object' && value !== null && 'homeport' in value ? value.homeport : undefined;
  if (version !== MANIFEST_VERSION) {
    throw new Error(
      `a release manifest of version ${String(version)} cannot be read: this Homeport knows version ${MANIFEST_VERSION}`,
    );
  }
  return value as Manifest;
}

export function writeManifest(manifest: Manifest): string {
  return `${JSON.stringify(manifest, undefined, 2)}\n`;
}
