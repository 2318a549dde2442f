/**
 * What the image names must mean just before a service's `up`: its own, and those of everything it depends on. Compose before
 * 2.29.3 has the dependencies in sight when it creates, and recreates one whose name means another image than its
 * container has: a name is the engine's, and another project or an operator may have moved it.
 */
import type { Retag } from './steps.js';

export interface NamedService {
  readonly dependsOn: Readonly<Record<string, unknown>>;
  /** What it serves with; undefined when nothing is known of it. */
  readonly image: { readonly reference: string; readonly id: string } | undefined;
}

/** The service's own name goes before one of a dependency that wants the same name for another image. */
export function servingNames(service: string, find: (name: string) => NamedService | undefined): Retag[] {
  const retags = new Map<string, Retag>();
  const seen = new Set([service]);
  for (const name of seen) {
    const found = find(name);
    if (found === undefined) continue;
    const { image } = found;
    // A reference by digest cannot be tagged and needs no name: it is held as it is.
    if (image !== undefined && !image.reference.includes('@') && !retags.has(image.reference))
      retags.set(image.reference, { reference: image.reference, id: image.id });
    // What is added to a set while it is gone through is still gone through.
    for (const dependency of Object.keys(found.dependsOn)) seen.add(dependency);
  }
  return [...retags.values()];
}

/** Both lists in one, each name once; undefined when one name would have to mean two images. */
export function mergedNames(some: readonly Retag[], others: readonly Retag[]): Retag[] | undefined {
  const clash = others.some(({ reference, id }) => some.some((one) => one.reference === reference && one.id !== id));
  if (clash) return undefined;
  return [...some, ...others.filter(({ reference }) => !some.some((one) => one.reference === reference))];
}
