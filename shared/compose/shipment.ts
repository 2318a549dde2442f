/** What a checkout sends to a host: every file that its Compose files name, found by reading them as Compose would. */
import type { Problem } from '../base/errors.js';
import type { MissingBind, MissingFile } from './missing-bind.js';
import type { Places } from './places.js';

/** A file that goes to the host. */
export interface ShippedFile {
  /** POSIX, relative to the root; also to the project's folder on the host. */
  readonly path: string;
  /** Absolute, on the runner. */
  readonly file: string;
  /** `0o644` or `0o755` for files: git keeps no more than the executable bit; a symbolic link has `0o777`. */
  readonly mode: number;
  /** Bytes. */
  readonly size: number;
  /** Of the content; of the target's text for a symbolic link. */
  readonly sha256: string;
  /** The target, when it is a symbolic link that is kept as one. */
  readonly link?: string;
}

/** What the build of one service reads, `.dockerignore` honoured; all its paths relative to the root. */
export interface BuildContext {
  readonly service: string;
  /** `''` is the root itself. */
  readonly directory: string;
  /** Folders of `additional_contexts`. */
  readonly additional: readonly string[];
  readonly files: readonly ShippedFile[];
}

/** A service that reads an env file which Homeport writes itself: the project's `.env`, or the config's `env-file`. */
export interface EnvFileReader {
  readonly service: string;
  /** Relative to the root. */
  readonly path: string;
  /** Compose's `format: raw`: it reads quotes as part of the value. */
  readonly raw: boolean;
}

export interface Shipment {
  /** What the compose files themselves name the project; undefined where they do not. */
  readonly name: string | undefined;
  /** Folder of the first compose file, relative to the root; `''` is the root itself. */
  readonly projectDirectory: string;
  /** Relative to the root, in Compose's order. */
  readonly composeFiles: readonly string[];
  /** Sorted by path. Files that Homeport writes itself (`.env`, the provided ones) are not among them. */
  readonly files: readonly ShippedFile[];
  readonly contexts: readonly BuildContext[];
  /** Bind sources that are not in the checkout, relative to the root: the host's own, never shipped, never touched. */
  readonly dataFolders: readonly string[];
  /** Files that configs, secrets and the like name and that are not in the checkout, relative to the root: they must be on the host. */
  readonly hostFiles: readonly string[];
  /** Of the data folders those that may be a slip of the pen: they must be on the host. */
  readonly missingBinds: readonly MissingBind[];
  /** Files of configs and secrets: where a service uses them, they must be on the host. */
  readonly missingFiles: readonly MissingFile[];
  /** What is legal and still most likely not meant, with its place in the checkout. */
  readonly warnings: readonly Problem[];
  /** Every variable that the compose files interpolate. */
  readonly variables: ReadonlySet<string>;
  /** Their names, as far as the checkout tells: a remote `include` may bring more, and then it is undefined. */
  readonly services: readonly string[] | undefined;
  /** Where the services say what a plan may refuse. */
  readonly places: Places;
  readonly envFileReaders: readonly EnvFileReader[];
  /** Services whose env_file is the project's `.env`. */
  readonly dotEnvReaders: readonly string[];
}

export interface ShipmentRequest {
  /** Absolute. */
  readonly root: string;
  /** The root as seen from the checkout, for messages and annotations; the checkout itself unless given. */
  readonly shownRoot?: string;
  /** Relative to the root; empty for what Compose itself would pick. */
  readonly composeFiles: readonly string[];
  readonly ship: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly profiles: readonly string[];
  /** Variables of `env` that whoever deploys gave without a value. */
  readonly givenEmpty?: readonly string[];
  /** Env files that will be there though the checkout has none: the config's `env-file`; relative to the root. */
  readonly provided?: readonly string[];
}
