// The rule that keeps the rooms apart: imports run one way, downwards. Pure, so that the rule itself is tested too.
import ts from 'typescript';
import { posix } from 'node:path';

/** From the GitHub edge down to the ground. A room may import from itself and from those after it. */
export const ROOMS = [
  'action',
  'config',
  'operations',
  'release',
  'backup',
  'smoke',
  'compose',
  'host',
  'ssh',
  'base',
] as const;

const isRoom = (name: string): boolean => (ROOMS as readonly string[]).includes(name);
const depth = (room: string): number => (ROOMS as readonly string[]).indexOf(room);

/** What a module imports, types and dynamic imports and re-exports too, as written. */
export function importsOf(source: string): string[] {
  return ts.preProcessFile(source, true, true).importedFiles.map((imported) => imported.fileName);
}

/** The package of a bare import: `yaml`, `@actions/core`. Undefined for a path and for what Node has. */
export function packageOf(specifier: string): string | undefined {
  if (specifier.startsWith('.') || specifier.startsWith('node:')) return undefined;
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

/** The paths in the repository that a module imports: `shared/base/log.js`. */
export function pathsImported(path: string, source: string): string[] {
  const relative = importsOf(source).filter((specifier) => specifier.startsWith('.'));
  return relative.map((specifier) => posix.join(posix.dirname(path), specifier));
}

/** One line for each import that runs upwards or leaves the rooms; empty for a module as it should be. */
export function upwardImports(path: string, source: string): string[] {
  const from = path.split('/')[1] ?? '';
  if (!isRoom(from)) return [`${path}: shared/${from} is no room (see docs/architecture.md)`];
  return pathsImported(path, source).flatMap((target) => {
    const [top = '', to = ''] = target.split('/');
    // Data that is published at the top of the repository (the schema) belongs to no room.
    if (!target.includes('/') && target.endsWith('.json')) return [];
    if (top === 'shared' && isRoom(to) && depth(to) >= depth(from)) return [];
    return [`${path}: ${from} imports ${target}, which is not below it`];
  });
}
