// Services by their nature: each starts at once and ends at once, so that a pair takes seconds.
import type { Dice } from './dice.js';
import { LIVE, listOf, type Kind, type Project, type Service } from './project.js';
import { content, nasty } from './values.js';

const NAMES: Readonly<Record<Kind, readonly string[]>> = {
  web: ['web', 'api', 'admin', 'backend'],
  worker: ['worker', 'mailer', 'beat'],
  cache: ['cache', 'queue'],
  database: ['db'],
  proxy: ['proxy', 'edge'],
  job: ['migrate', 'seed'],
  built: ['site', 'app_2'],
};

/** Ends at once when it is told to, as PID 1 too. */
export const waits = (greeting: string): string[] => [
  'sh',
  '-c',
  `trap 'exit 0' TERM; echo ${greeting}; while :; do sleep 0.2; done`,
];

export const webCheck = (): object => ({ test: ['CMD', 'healthy'], interval: '1s', timeout: '10s', retries: 2 });

/** Adds a service of a kind under a name that is free; answers its name. */
export function addService(project: Project, kind: Kind, dice: Dice): string {
  const free = NAMES[kind].filter((name) => !(name in project.services));
  const name = free.length > 0 ? dice.pick(free) : `${dice.pick(NAMES[kind])}${String(dice.between(2, 99))}`;
  project.kinds[name] = kind;
  project.services[name] = made[kind](project, name, dice);
  return name;
}

const made: Readonly<Record<Kind, (project: Project, name: string, dice: Dice) => Service>> = {
  web: (project, name, dice) => ({
    image: image(project, name, dice, `acme/web:v${String(dice.between(1, 5))}`, 'web-v1'),
    environment: { GREETING: 'hello' },
    ...(dice.chance(0.7) ? { healthcheck: webCheck() } : {}),
  }),
  worker: (project, name, dice) => ({
    image: image(project, name, dice, dice.pick(['busybox:1', 'acme/web:v1', 'alpine:3']), 'busybox'),
    command: waits(name),
    ...(dice.chance(0.5) ? { restart: dice.pick(['always', 'unless-stopped', 'on-failure']) } : {}),
  }),
  cache: (project, name, dice) => ({
    image: image(project, name, dice, 'redis:7', 'redis'),
    ...(dice.chance(0.5) ? { volumes: [namedVolume(project, name, '/data')] } : {}),
    healthcheck: { test: ['CMD', 'redis-cli', 'ping'], interval: '1s', timeout: '10s', retries: 60 },
  }),
  database: (project, name) => ({
    image: 'postgres:15',
    environment: { POSTGRES_PASSWORD: 's3cret' },
    volumes: [namedVolume(project, name, '/var/lib/postgresql/data')],
    healthcheck: { test: ['CMD-SHELL', 'pg_isready -U postgres'], interval: '1s', timeout: '10s', retries: 60 },
  }),
  proxy: (project, name, dice) => {
    const file = `${name}/default.conf`;
    project.files[file] = siteOf(dice);
    const folder = dice.chance(0.3);
    return {
      image: 'nginx:1',
      volumes: [folder ? `./${name}:/etc/nginx/conf.d:ro` : `./${file}:/etc/nginx/conf.d/default.conf:ro`],
      ...(dice.chance(0.5) ? { restart: 'unless-stopped' } : {}),
    };
  },
  job: (_, name, dice) => ({
    image: 'busybox:1',
    command: ['sh', '-c', `echo ${name} ${String(dice.between(1, 99))}`],
    ...(dice.chance(0.5) ? { restart: 'no' } : {}),
  }),
  built: (project, name, dice) => {
    project.files[`${name}/Dockerfile`] = 'FROM acme/web:v1\nARG WHICH=none\nCOPY app.txt /app.txt\nENV WHICH=$WHICH\n';
    project.files[`${name}/app.txt`] = content(dice);
    const build = dice.chance(0.5)
      ? `./${name}`
      : { context: `./${name}`, args: { WHICH: nasty(dice).replace(/[$\n]/g, '') } };
    return { build, ...(dice.chance(0.5) ? { image: `acme/${project.name}-${name}:built` } : {}) };
  },
};

export const siteOf = (dice: Dice): string => `${content(dice)}server { listen 80; location / { return 200 "ok"; } }\n`;

/** Now and then a tag that can move, in a registry that is the run's own. */
function image(project: Project, name: string, dice: Dice, usual: string, first: string): string {
  if (!dice.chance(0.2)) return usual;
  const repository = `${name}/${first.replace(/-.*/, '')}`;
  project.live[repository] = first;
  return `${LIVE}${repository}:live`;
}

export function namedVolume(project: Project, service: string, target: string): string {
  const name = `${service}-data`;
  project.volumes[name] = {};
  return `${name}:${target}`;
}

/** A file or a folder of the checkout, mounted. */
export function mount(project: Project, name: string, dice: Dice): void {
  const service = project.services[name] ?? {};
  const at = String(dice.between(1, 999));
  if (dice.chance(0.5)) {
    project.files[`files/${at}.txt`] = content(dice);
    listOf(service, 'volumes').push(`./files/${at}.txt:/etc/mounted-${at}.txt:ro`);
  } else {
    for (const file of ['one.txt', 'sub/two.txt']) project.files[`folder-${at}/${file}`] = content(dice);
    const target = `/mounted-${at}`;
    listOf(service, 'volumes').push(
      dice.chance(0.5)
        ? `./folder-${at}:${target}:ro`
        : { type: 'bind', source: `./folder-${at}`, target, read_only: true },
    );
  }
}
