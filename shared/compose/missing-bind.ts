/**
 * A bind whose source is not in the checkout is data of the host, or a slip of the pen: Docker makes an empty folder of that
 * name, owned by root, and mounts it where a file was meant. Which of the two it is shows in the names.
 */
import { existsSync, readdirSync } from 'node:fs';
import { basename, join, posix, relative, sep } from 'node:path';
import { nearest, slips } from '../base/nearest.js';
import type { Place } from './yaml-value.js';

export interface MissingBind {
  readonly service: string;
  /** Relative to the root. */
  readonly path: string;
  readonly place: Place;
  /** What is in the checkout under a name so near that it may be meant; relative to the root. */
  readonly near: string | undefined;
  /** `file`: both sides are surely files; `doubt`: one of them looks like one, or something has nearly the same name. */
  readonly looks: 'file' | 'doubt';
}

const FILE =
  /(?:\.(?:acl|cer|cert|cfg|cnf|conf|crt|css|csv|env|html?|ini|jks|js|json|key|list|log|lua|mjs|p12|pem|php|pl|properties|pub|py|rb|rules|sh|sql|sqlite3?|template|tmpl|toml|tpl|ts|txt|vcl|xml|ya?ml)|^(?:Caddyfile|Corefile|crontab|\.?htpasswd|hosts|passwd|\.env))$/i;

/** A config or secret of the project whose file is not in the checkout. */
export interface MissingFile {
  readonly what: 'config' | 'secret';
  /** Relative to the root. */
  readonly path: string;
  readonly place: Place;
  /** As of a bind. */
  readonly near: string | undefined;
}

export function missingFile(
  root: string,
  { what, file, place }: { readonly what: MissingFile['what']; readonly file: string; readonly place: Place },
): MissingFile {
  const path = relative(root, file).split(sep).join('/');
  return { what, path, place, near: nearby(root, path, isNear) };
}

/** Undefined for what is a data folder by all its looks. */
export function missingBind(
  root: string,
  bind: { readonly service: string; readonly file: string; readonly target: string; readonly place: Place },
): MissingBind | undefined {
  const path = relative(root, bind.file).split(sep).join('/');
  const files = [path, bind.target].filter((name) => FILE.test(basename(name))).length;
  const near = nearby(root, path, files === 0 ? isSlip : isNear);
  if (files === 0 && near === undefined) return undefined;
  return { service: bind.service, path, place: bind.place, near, looks: files === 2 ? 'file' : 'doubt' };
}

/** The same path with the first name that is not there replaced by one that is. */
function nearby(
  root: string,
  path: string,
  fits: (name: string, others: readonly string[]) => string | undefined,
): string | undefined {
  const names = path.split('/');
  const at = names.findIndex((_, index) => !existsSync(join(root, ...names.slice(0, index + 1))));
  const before = names.slice(0, at);
  const found = fits(names[at] ?? '', namesIn(join(root, ...before)));
  if (found === undefined) return undefined;
  const meant = posix.join(...before, found, ...names.slice(at + 1));
  return existsSync(join(root, meant)) ? meant : undefined;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

const isNear = (name: string, others: readonly string[]): string | undefined => nearest(name, others);

/** Data folders have short names that are all alike: only one slip counts. */
const isSlip = (name: string, others: readonly string[]): string | undefined =>
  name.length > 3 ? others.find((other) => slips(name, other) === 1) : undefined;

/** For a message: what is wrong with a file that the host does not have either. */
export function describeMissingFile({ what, path, near }: MissingFile, folder: string): string {
  const advice = near === undefined ? 'add it, or put it there' : `did you mean ./${near}?`;
  return `the ${what} ./${path} is neither in the checkout nor in ${folder} on the host: ${advice}`;
}

/** For a message: what is wrong with a bind that the host does not have either. */
export function describeMissingBind({ service, path, near }: MissingBind, folder: string): string {
  const meant = near === undefined ? '' : `did you mean ./${near}? `;
  return (
    `${service} binds ./${path}, which is neither in the checkout nor in ${folder} on the host: ${meant}` +
    'Docker would make an empty folder of that name there, owned by root'
  );
}
