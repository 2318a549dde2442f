/** Our own tags: they keep a release's images on the host, and are the only ones that a prune of ours removes. */
import { createHash } from 'node:crypto';

export function holdingTag(project: string, service: string, release: string): string {
  return `${prefixOf(project)}${component(service)}:${release}`;
}

/** The release of one of our tags for this project; undefined for any other tag. */
export function releaseOfTag(tag: string, project: string): string | undefined {
  const prefix = prefixOf(project);
  if (!tag.startsWith(prefix)) return undefined;
  const at = tag.lastIndexOf(':');
  return at > prefix.length ? tag.slice(at + 1) : undefined;
}

/** What our tags of a project look like, for the engine's filter. */
export function tagPattern(project: string): string {
  return `${prefixOf(project)}*`;
}

function prefixOf(project: string): string {
  return `homeport/${component(project)}/`;
}

/** Compose allows names that no image may have (`Web`, `a__b_`): those get a digest, so that no two become one. */
function component(name: string): string {
  if (/^[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*$/.test(name)) return name;
  const plain = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 12);
  return plain === '' ? digest : `${plain}-${digest}`;
}
