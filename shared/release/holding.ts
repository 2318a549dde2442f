/** Our own tags: they keep a release's images on the host, and are the only ones that a prune of ours removes. */

export function holdingTag(project: string, service: string, release: string): string {
  return `homeport/${project}/${service.toLowerCase()}:${release}`;
}

/** The release of one of our tags for this project; undefined for any other tag. */
export function releaseOfTag(tag: string, project: string): string | undefined {
  const prefix = `homeport/${project}/`;
  if (!tag.startsWith(prefix)) return undefined;
  const at = tag.lastIndexOf(':');
  return at > prefix.length ? tag.slice(at + 1) : undefined;
}
