/**
 * Where a container is not what its compose file says, field by field as the engine has it. The config hash is the proof; this
 * tells a person what differs, and stands in for the hash under another version of Compose. Names only, never values.
 */
import { fields, list, text, textMap, texts, type Fields } from '../host/shape.js';

export interface EffectiveInput {
  readonly project: string;
  /** As `compose config` prints the whole project. */
  readonly model: Fields;
  readonly service: string;
  /** As `docker inspect` prints them. */
  readonly container: Fields;
  readonly image: Fields;
}

export function effectiveDifferences(input: EffectiveInput): string[] {
  const { project, model, service, container, image } = input;
  const wanted = fields(fields(model['services'])[service]);
  const [config, host] = [fields(container['Config']), fields(container['HostConfig'])];
  const own = fields(image['Config']);
  const differs = (name: string, is: unknown, should: unknown): string[] =>
    JSON.stringify(is) === JSON.stringify(should) ? [] : [name];
  const names = (name: string, is: Record<string, string>, should: Record<string, string>): string[] => {
    const keys = [...new Set([...Object.keys(is), ...Object.keys(should)])].filter((key) => is[key] !== should[key]);
    return keys.length === 0 ? [] : [`${name} ${keys.sort().join(', ')}`];
  };
  const entrypoint = wanted['entrypoint'] ?? undefined;
  return [
    ...differs('image', text(config['Image']), text(wanted['image']) || `${project}-${service}`),
    ...names('environment', pairs(config['Env']), { ...pairs(own['Env']), ...textMap(wanted['environment']) }),
    ...names('labels', foreign(config['Labels']), { ...foreign(own['Labels']), ...textMap(wanted['labels']) }),
    ...differs(
      'command',
      texts(config['Cmd']),
      texts(wanted['command'] ?? (entrypoint === undefined ? own['Cmd'] : [])),
    ),
    ...differs('entrypoint', texts(config['Entrypoint']), texts(entrypoint ?? own['Entrypoint'])),
    ...differs('user', text(config['User']), text(wanted['user']) || text(own['User'])),
    ...differs('working_dir', text(config['WorkingDir']), text(wanted['working_dir']) || text(own['WorkingDir'])),
    ...differs('restart', restartOf(host), (text(wanted['restart']) || 'no').replace(/^no$/, '')),
    ...differs('ports', boundPorts(host), wantedPorts(wanted)),
    ...differs('mounts', ...mounts(container, model, wanted)),
    ...differs('networks', ...networks(container, model, wanted)),
    ...(hasOwnName(text(container['Name']), text(wanted['container_name']), `${project}-${service}-`)
      ? []
      : ['container name']),
  ];
}

function pairs(env: unknown): Record<string, string> {
  return Object.fromEntries(
    texts(env).map((line) => {
      const at = line.indexOf('=');
      return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 1)];
    }),
  );
}

/** Compose's own are of its version. */
function foreign(labels: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(textMap(labels)).filter(([name]) => !name.startsWith('com.docker.compose.')),
  );
}

function restartOf(host: Fields): string {
  const policy = fields(host['RestartPolicy']);
  const [name, times] = [text(policy['Name']).replace(/^no$/, ''), Number(policy['MaximumRetryCount'] ?? 0)];
  return times > 0 ? `${name}:${times}` : name;
}

function boundPorts(host: Fields): string[] {
  return Object.entries(fields(host['PortBindings']))
    .flatMap(([port, bindings]) =>
      list(bindings).map((one) => portText(fields(one)['HostIp'], fields(one)['HostPort'], port)),
    )
    .sort();
}

function wantedPorts(wanted: Fields): string[] {
  return list(wanted['ports'])
    .map(fields)
    .map((port) =>
      portText(port['host_ip'], port['published'], `${String(port['target'])}/${text(port['protocol']) || 'tcp'}`),
    )
    .sort();
}

function portText(address: unknown, published: unknown, port: string): string {
  return `${text(address).replace(/^(?:0\.0\.0\.0|::)$/, '')}:${text(published)}:${port}`;
}

/** Anonymous volumes and what Compose mounts for configs and secrets are not in the list of volumes. */
function mounts(container: Fields, model: Fields, wanted: Fields): [string[], string[]] {
  const volumes = fields(model['volumes']);
  const should = list(wanted['volumes'])
    .map(fields)
    .filter(({ type, source }) => type === 'bind' || (type === 'volume' && text(source) !== ''))
    .map((mount) => {
      const source = text(mount['source']);
      const name = mount['type'] === 'bind' ? source : text(fields(volumes[source])['name']) || source;
      return `${name}:${text(mount['target'])}:${mount['read_only'] === true ? 'ro' : 'rw'}`;
    });
  const targets = new Set(should.map((mount) => mount.split(':')[1]));
  const is = list(container['Mounts'])
    .map(fields)
    .filter((mount) => mount['Type'] === 'bind' || mount['Type'] === 'volume')
    .filter((mount) => targets.has(text(mount['Destination'])) || !/^[0-9a-f]{64}$/.test(text(mount['Name'])))
    .filter((mount) => targets.has(text(mount['Destination'])) || !hasFiles(wanted))
    .map(
      (mount) =>
        `${text(mount['Name']) || text(mount['Source'])}:${text(mount['Destination'])}:${mount['RW'] === false ? 'ro' : 'rw'}`,
    );
  return [is.sort(), should.sort()];
}

function hasFiles(wanted: Fields): boolean {
  return list(wanted['configs']).length + list(wanted['secrets']).length > 0;
}

function networks(container: Fields, model: Fields, wanted: Fields): [string[], string[]] {
  if (text(wanted['network_mode']) !== '') return [[], []];
  const defined = fields(model['networks']);
  const should = Object.keys(fields(wanted['networks'])).map((key) => text(fields(defined[key])['name']) || key);
  return [Object.keys(fields(fields(container['NetworkSettings'])['Networks'])).sort(), should.sort()];
}

function hasOwnName(name: string, given: string, start: string): boolean {
  const plain = name.replace(/^\//, '');
  return given === '' ? plain.startsWith(start) && /^\d+$/.test(plain.slice(start.length)) : plain === given;
}
