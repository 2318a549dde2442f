// Writes a project out as what a user has: a checkout, a configuration, and values for the stack.
import { stringify } from 'yaml';
import { LIVE, type Project, type Service } from './project.js';

export interface Written {
  readonly files: Readonly<Record<string, string>>;
  /** homeport.yml, inline. */
  readonly config: string;
  /** What the step's own environment has for `env-names`. */
  readonly env: Readonly<Record<string, string>>;
}

/** @param repositories host and folder of the registry in which `LIVE/` is */
export function write(project: Project, repositories: string): Written {
  const compose = composeFiles(project);
  const files = [
    ...Object.entries(compose).map(([name, content]): [string, string] => [name, textOf(project, content)]),
    ...Object.entries(project.files),
  ].map(([name, content]) => [`${project.folder}${name}`, content.replaceAll(LIVE, `${repositories}/`)]);
  const named = Object.keys(compose).filter((name) => name.startsWith('docker-compose'));
  const plain = project.folder === '' && project.layout !== 'override';
  // One that no service has is refused.
  const profiles = project.profiles.filter((profile) =>
    Object.values(project.services).some((service) => ((service['profiles'] ?? []) as string[]).includes(profile)),
  );
  return {
    files: Object.fromEntries(files) as Record<string, string>,
    config: JSON.stringify({
      homeport: 1,
      project: project.name,
      path: project.path,
      health: { timeout: '60s', stable: '0s' },
      compose: {
        ...(plain ? {} : { files: named.map((name) => `${project.folder}${name}`) }),
        ...(profiles.length === 0 ? {} : { profiles }),
      },
      ...(Object.keys(project.scale).length === 0 ? {} : { scale: project.scale }),
      ...project.config,
    }),
    env: project.env,
  };
}

function composeFiles(project: Project): Record<string, object> {
  const { networks, volumes, configs, secrets } = project;
  const sections = Object.entries({ networks, volumes, configs, secrets }).filter(
    ([, definitions]) => Object.keys(definitions).length > 0,
  );
  const whole = { services: project.services, ...Object.fromEntries(sections) };
  const names = Object.keys(project.services);
  switch (project.layout) {
    case 'one':
      return { 'docker-compose.yml': whole };
    case 'override':
      return {
        'docker-compose.yml': { ...whole, services: parts(project.services, (key) => !LATE.includes(key)) },
        'docker-compose.prod.yml': {
          services: withoutEmpty(parts(project.services, (key) => LATE.includes(key))),
        },
      };
    case 'include': {
      const apart = names.filter((name) => standsAlone(project, name));
      const rest = names.filter((name) => !apart.includes(name));
      if (apart.length === 0 || rest.length === 0) return { 'docker-compose.yml': whole };
      return {
        'docker-compose.yml': { include: ['more.yml'], ...whole, services: only(project.services, rest) },
        'more.yml': { services: only(project.services, apart) },
      };
    }
    case 'extends': {
      const [first = ''] = names;
      const base = parts(only(project.services, [first]), (key) => COMMON.includes(key))[first] ?? {};
      const own = parts(only(project.services, [first]), (key) => !COMMON.includes(key))[first] ?? {};
      const extended = { extends: { file: 'common.yml', service: 'base' }, ...own };
      return {
        'docker-compose.yml': { ...whole, services: { ...project.services, [first]: extended } },
        'common.yml': { services: { base } },
      };
    }
  }
}

/** What an override file is written for. */
const LATE = ['environment', 'labels', 'restart', 'deploy', 'stop_grace_period'];
/** What `extends` takes over, whatever Compose's version. */
const COMMON = ['image', 'environment', 'labels', 'restart', 'healthcheck', 'stop_grace_period'];

/** An included file must be whole: nothing in it may need what the other one defines. */
function standsAlone(project: Project, name: string): boolean {
  const service = project.services[name] ?? {};
  const binds = ((service['volumes'] ?? []) as unknown[]).every(
    (one) => typeof one === 'string' && one.startsWith('./'),
  );
  const others = Object.values(project.services).some(({ network_mode: mode }) => mode === `service:${name}`);
  return (
    binds && !others && !['depends_on', 'networks', 'configs', 'secrets', 'network_mode'].some((key) => key in service)
  );
}

function only(services: Record<string, Service>, names: readonly string[]): Record<string, Service> {
  return Object.fromEntries(Object.entries(services).filter(([name]) => names.includes(name)));
}

function parts(services: Record<string, Service>, takes: (key: string) => boolean): Record<string, Service> {
  return Object.fromEntries(
    Object.entries(services).map(([name, service]) => [
      name,
      Object.fromEntries(Object.entries(service).filter(([key]) => takes(key))),
    ]),
  );
}

function withoutEmpty(services: Record<string, Service>): Record<string, Service> {
  return Object.fromEntries(Object.entries(services).filter(([, service]) => Object.keys(service).length > 0));
}

function textOf({ syntax }: Project, content: object): string {
  return syntax === 'json' ? `${JSON.stringify(content, undefined, 2)}\n` : stringify(content, { version: '1.1' });
}
