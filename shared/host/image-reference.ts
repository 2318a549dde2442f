/** Image references, by Docker's own rules: `postgres:15` is `docker.io/library/postgres:15`. */
import { UserError } from '../base/errors.js';

export interface ImageReference {
  /** `docker.io`, `ghcr.io`, `registry.example:5000`. */
  readonly registry: string;
  /** Within the registry: `library/postgres`, `acme/shop`. */
  readonly path: string;
  /** `registry/path`. */
  readonly repository: string;
  /** `latest` when neither tag nor digest is given. */
  readonly tag: string | undefined;
  /** `sha256:…` */
  readonly digest: string | undefined;
}

const COMPONENT = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const PATH = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`);
const REGISTRY =
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*|\[[0-9a-fA-F:]+\])(?::\d+)?$/;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[0-9a-f]{32,}$/;

/** @throws UserError naming what is wrong with it */
export function parseImageReference(reference: string): ImageReference {
  const at = reference.indexOf('@');
  const digest = at < 0 ? undefined : reference.slice(at + 1);
  const { name, tag } = splitTag(at < 0 ? reference : reference.slice(0, at));
  const given = at < 0 || name !== reference.slice(0, at) ? tag : undefined;
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  const hasRegistry = /[.:]/.test(first) || first === 'localhost' || (first !== '' && first !== first.toLowerCase());
  const registry = hasRegistry ? canonicalRegistry(first) : 'docker.io';
  const rest = hasRegistry ? name.slice(slash + 1) : name;
  const path = registry === 'docker.io' && !rest.includes('/') ? `library/${rest}` : rest;
  const wrong = (what: string): UserError => new UserError(`\`${reference}\` is not an image reference: ${what}`);
  if (rest === '') throw wrong('it has no name');
  if (hasRegistry && !REGISTRY.test(first)) throw wrong(`\`${first}\` is no registry`);
  if (!PATH.test(path)) {
    throw wrong(path === path.toLowerCase() ? `\`${path}\` is no repository` : 'a repository has no capital letters');
  }
  if (given !== undefined && !TAG.test(given)) throw wrong(`\`${given}\` is no tag`);
  if (digest !== undefined && !DIGEST.test(digest)) throw wrong(`\`${digest}\` is no digest`);
  return { registry, path, repository: `${registry}/${path}`, tag: given, digest };
}

/** Docker Hub has many names. */
export function canonicalRegistry(name: string): string {
  const host = name.replace(/^[a-z]+:\/\//, '').replace(/\/.*$/, '');
  return host === 'index.docker.io' || host === 'registry-1.docker.io' || host === 'docker.io' ? 'docker.io' : host;
}

/** A tag is behind the last colon that no slash follows. Without one: `latest`. */
export function splitTag(reference: string): { name: string; tag: string } {
  const colon = reference.lastIndexOf(':');
  return colon > reference.lastIndexOf('/')
    ? { name: reference.slice(0, colon), tag: reference.slice(colon + 1) }
    : { name: reference, tag: 'latest' };
}
