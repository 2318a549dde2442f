/** Where in the Compose files a service says what a plan may refuse; the file that has the last word counts. */
import { textsOf } from './yaml-forms.js';
import type { Place, YamlValue } from './yaml-value.js';

/** By service and what it is about: `web`, `web container_name`, `web replicas`, `web depends_on db`, `web ports 8080`. */
export type Places = ReadonlyMap<string, Place>;

/** The place of the first of these that is written down, else the service's own. */
export function placeOf(places: Places, service: string, ...keys: readonly string[]): Place | undefined {
  const found = keys.find((key) => places.has(`${service} ${key}`));
  return places.get(found === undefined ? service : `${service} ${found}`);
}

export function servicePlaces(name: string, service: YamlValue): [string, Place][] {
  const named = service.get('container_name');
  const replicas = service.get('deploy')?.get('replicas');
  return [
    [name, service.place],
    ...(named === undefined ? [] : [[`${name} container_name`, named.place] as [string, Place]]),
    ...(replicas === undefined ? [] : [[`${name} replicas`, replicas.place] as [string, Place]]),
    ...dependencies(service).map(([key, place]): [string, Place] => [`${name} depends_on ${key}`, place]),
    ...(service.get('ports')?.items ?? []).flatMap((item) =>
      publishedBy(item).map((port): [string, Place] => [`${name} ports ${port}`, item.place]),
    ),
  ];
}

function dependencies(service: YamlValue): [string, Place][] {
  const value = service.get('depends_on');
  if (value?.isMap !== true) return textsOf(value).map(({ text, place }) => [text, place]);
  return [...value.entries].map(([key, one]) => [key, (one.get('condition') ?? one).place]);
}

/** Each port of a range too: that is how Compose resolves one. */
function publishedBy(item: YamlValue): number[] {
  const written = item.isMap ? item.get('published')?.text : /([\d-]+):[\d-]+(?:\/\w+)?$/.exec(item.text ?? '')?.[1];
  const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(written ?? '') ?? [];
  if (first === undefined) return [];
  const length = Math.min(Math.max(0, Number(last) - Number(first) + 1), 65_536);
  return Array.from({ length }, (_, index) => Number(first) + index);
}
