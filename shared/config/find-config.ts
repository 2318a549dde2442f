/** Which text is the config: a file of the checkout, or YAML that was given in the workflow itself. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { UserError } from '../base/errors.js';
import { YamlSource } from './yaml-source.js';

export interface FoundConfig {
  /** Undefined where there is none: a small project needs none. */
  readonly source: YamlSource | undefined;
  /** Absolute folder that the config's paths are relative to. */
  readonly root: string;
}

const DEFAULT_PLACES = ['.github/homeport.yml', 'homeport.yml'];

export interface ConfigPlace {
  /** Absolute folder of the checkout; files are named relative to it in messages. */
  readonly workspace: string;
  /** Relative to the checkout. */
  readonly workingDirectory: string;
  /** A path relative to the working directory, inline YAML, or empty for the default places. */
  readonly config: string;
}

/** @throws UserError for a folder or a file that is not there, and for text that is no YAML. */
export function findConfig({ workspace, workingDirectory, config }: ConfigPlace): FoundConfig {
  const folder = resolve(workspace, workingDirectory);
  if (!isFolder(folder))
    throw new UserError(`working-directory: there is no folder "${workingDirectory}"${checkoutHint(workspace)}`);
  if (isInline(config)) return { source: new YamlSource(config, { name: 'the input config' }), root: folder };
  const path = config === '' ? DEFAULT_PLACES.find((place) => existsSync(join(folder, place))) : config;
  if (path === undefined) return { source: undefined, root: folder };
  const file = resolve(folder, path);
  return {
    source: new YamlSource(readConfig(file, path, workspace), { file: shownPath(workspace, file) }),
    root: rootOf(file),
  };
}

/** Text with a line break, a map in braces, or a key: no path looks like that. */
function isInline(config: string): boolean {
  return /\n|^\s*\{|^\s*["']?homeport["']?\s*:/.test(config);
}

/** `.github` is where GitHub's files live, not where a project does: its folder is the one above. */
function rootOf(file: string): string {
  const folder = dirname(file);
  return basename(folder) === '.github' ? dirname(folder) : folder;
}

function readConfig(file: string, asGiven: string, workspace: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  } catch {
    throw new UserError(`config: there is no file "${asGiven}"${checkoutHint(workspace)}`);
  }
}

/** The commonest reason for a file that is not there: nothing was checked out. */
export function checkoutHint(workspace: string): string {
  return existsSync(join(workspace, '.git')) ? '' : '; did you forget the step actions/checkout before this one?';
}

/** A path as it is seen from the checkout, which is how annotations find it. */
export function shownPath(workspace: string, file: string): string {
  const path = relative(workspace, file);
  return path.startsWith(`..${sep}`) || path === '..' ? file : path.split(sep).join('/');
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
