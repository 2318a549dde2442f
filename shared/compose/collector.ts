/** Gathers what travels: each path that the project names is shipped, left to the host, or wrong. */
import { existsSync } from 'node:fs';
import { readlink, realpath, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { Problem } from '../base/errors.js';
import { contextFiles } from './build-context.js';
import { relativeTo, type NamedRoot } from './inside.js';
import { missingBind, missingFile, type MissingBind, type MissingFile } from './missing-bind.js';
import { isFile } from './project-files.js';
import type { BuildFiles, FileReference } from './service-files.js';
import type { BuildContext, EnvFileReader, ShipmentRequest } from './shipment.js';
import { walkFolder, type WalkedFile } from './walk.js';
import type { Place } from './yaml-value.js';

export type ContextSource = Omit<BuildContext, 'files'> & { readonly found: ReadonlyMap<string, WalkedFile> };

/** Never shipped because a folder with them is: the project's `.env` is written by us, the others are nobody else's. */
const NEVER = new Set(['.env', '.git', '.homeport']);

export class Collector {
  readonly files = new Map<string, WalkedFile>();
  readonly dataFolders = new Set<string>();
  readonly hostFiles = new Set<string>();
  readonly missingBinds: MissingBind[] = [];
  readonly missingFiles: MissingFile[] = [];
  readonly envFileReaders: EnvFileReader[] = [];
  private readonly root: string;
  /** Files that Homeport writes itself; relative. */
  readonly #written: ReadonlySet<string>;

  constructor(
    private readonly named: NamedRoot,
    base: string,
    request: ShipmentRequest,
    readonly problems: Problem[],
  ) {
    this.root = named.folder;
    const { root } = this;
    const dotEnv = relativeTo(root, join(base, '.env')) ?? '.env';
    this.#written = new Set([
      '.env',
      dotEnv,
      ...(request.provided ?? []).map((path) => relativeTo(root, resolve(root, path)) ?? path),
    ]);
  }

  /** What a service or resource names; what is missing is wrong only where Compose would say so now. */
  async follow(reference: FileReference, { service, enabled }: { service?: string; enabled: boolean }): Promise<void> {
    const { what, file, place, required } = reference;
    const path = this.#inside(file, reference.written, what, place);
    if (path === undefined) return;
    if (this.#written.has(path)) {
      if (service !== undefined && what === 'env_file')
        this.envFileReaders.push({ service, path, raw: reference.raw === true });
      if (basename(path) !== '.env' && isFile(file)) this.files.set(path, { file });
      return;
    }
    if (existsSync(file)) {
      const shipped = await this.ship(file, what, place);
      if (what === 'bind' && shipped === 0) this.dataFolders.add(path);
    } else if (what === 'bind') {
      this.dataFolders.add(path);
      if (service !== undefined && enabled) this.#missing(reference, service);
    } else if (what !== 'env_file') {
      this.hostFiles.add(path);
      if (what === 'config' || what === 'secret') this.missingFiles.push(missingFile(this.root, { what, file, place }));
    } else if (required && enabled) {
      this.#problem(
        `there is no ${what} ${this.#shown(file)} in the checkout: add it, or name it in env-file so that Homeport writes it`,
        place,
      );
    }
  }

  #missing({ file, target, place }: FileReference, service: string): void {
    const missing = target === undefined ? undefined : missingBind(this.root, { service, file, target, place });
    if (missing !== undefined) this.missingBinds.push(missing);
  }

  /** One path of the config's `ship`. */
  async shipAsked(path: string): Promise<void> {
    const file = resolve(this.root, path);
    if (this.#inside(file, path, 'ship', undefined) === undefined) return;
    if (existsSync(file)) await this.ship(file, 'ship', undefined);
    else this.#problem(`ship: there is no ${this.#shown(file)} in the checkout`, undefined);
  }

  /** A file, or a folder with everything in it that can travel. @returns how many files */
  async ship(file: string, what: string, place: Place | undefined): Promise<number> {
    if (this.#inside(file, this.#shown(file), what, place) === undefined) return 0;
    const target = await realpath(file);
    if (relativeTo(this.root, target) === undefined) {
      const to = await readlink(file).catch(() => target);
      this.#problem(
        `${this.#shown(file)} is a symbolic link to ${to}, which lies outside of ${this.named.shown}`,
        place,
      );
      return 0;
    }
    const stats = await stat(target);
    const found = stats.isDirectory() ? await this.#walk(file, place) : stats.isFile() ? [{ file }] : [];
    for (const one of found) this.files.set(this.#path(one.file), one);
    return found.length;
  }

  async context(service: string, build: BuildFiles): Promise<ContextSource> {
    const found = new Map<string, WalkedFile>();
    const add = async (
      reference: FileReference | undefined,
      dockerfile: string | undefined,
    ): Promise<string | undefined> => {
      if (reference === undefined) return undefined;
      const path = this.#inside(reference.file, reference.written, reference.what, reference.place);
      if (path === undefined) return undefined;
      if (!existsSync(reference.file)) {
        this.#problem(`there is no ${reference.what} ${reference.written} in the checkout`, reference.place);
        return path;
      }
      for (const one of await contextFiles(reference.file, dockerfile)) found.set(this.#path(one.file), one);
      return path;
    };
    const directory = await add(build.context, this.#dockerfile(build));
    const additional: string[] = [];
    for (const reference of build.additional.values())
      additional.push(...[await add(reference, undefined)].filter((path) => path !== undefined));
    return { service, directory: directory ?? '', additional, found };
  }

  #dockerfile({ context, dockerfile, inline }: BuildFiles): string | undefined {
    if (context === undefined || inline) return undefined;
    const file = resolve(context.file, dockerfile ?? 'Dockerfile');
    if (this.#inside(file, dockerfile ?? 'Dockerfile', 'Dockerfile', context.place) === undefined) return undefined;
    if (existsSync(context.file) && !isFile(file))
      this.#problem(`there is no Dockerfile ${this.#shown(file)} in the checkout`, context.place);
    return file;
  }

  async #walk(folder: string, place: Place | undefined): Promise<WalkedFile[]> {
    return walkFolder(folder, {
      skip: (path) => NEVER.has(basename(path)),
      links: {
        followInside: this.root,
        onBroken: (file, target) => {
          this.#problem(`${this.#shown(file)} is a symbolic link to ${target}, which is not in the checkout`, place);
        },
      },
    });
  }

  /** The path relative to the root; undefined, and a problem, when it leads out. */
  #inside(file: string, written: string, what: string, place: Place | undefined): string | undefined {
    const path = relativeTo(this.root, file);
    if (path === undefined) {
      this.#problem(
        `${what} ${written} leads out of ${this.named.shown}: put homeport.yml into a folder that holds both, and name the compose file from there in compose.files`,
        place,
      );
    }
    return path;
  }

  /** Relative to the root: where it goes on the host. */
  #path(file: string): string {
    return relativeTo(this.root, file) ?? file;
  }

  /** As seen from the checkout. */
  #shown(file: string): string {
    return this.named.show(file);
  }

  #problem(message: string, place: Place | undefined): void {
    this.problems.push({ message, ...place });
  }
}
