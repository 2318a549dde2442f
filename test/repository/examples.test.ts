// An example is copied by strangers: it must be deployable as it stands, as far as can be said without a host.
import { describe, expect, test } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { loadConfig } from '../../shared/config/load.js';
import { notYetInConfig } from '../../shared/config/not-yet.js';
import { findShipment } from '../../shared/compose/finder.js';
import { files, inRoot, read } from './files.js';

const examples = readdirSync(inRoot('examples'), { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? [entry.name] : [],
);

test('there is an example, and a page that says what it is', () => {
  expect(examples).toContain('push-to-main');
  expect(examples.filter((name) => !files(`examples/${name}/README.md`).length)).toEqual([]);
});

describe.each(examples)('examples/%s', (name) => {
  const place = { workspace: inRoot(`examples/${name}`), workingDirectory: '.', config: '' };

  test('its config is valid, and asks for nothing that is not there yet', () => {
    const loaded = loadConfig(place, 'production');
    expect(notYetInConfig(loaded, 'auto')).toEqual([]);
    expect(loaded.config.project).toMatch(/^[a-z]/);
  });

  test('everything that its stack consists of is found', async () => {
    const { config, root } = loadConfig(place, 'production');
    const found = await findShipment({
      root,
      composeFiles: config.composeFiles,
      ship: config.ship,
      env: Object.fromEntries(secretsNamed(name).map((key) => [key, 'x'])),
      profiles: config.profiles,
    });
    expect(found.files.map(({ path }) => path)).toContain('docker-compose.yml');
    expect(found.dataFolders).toEqual([]);
    // A file of the example that no deploy would ship is a mistake in the example.
    const shipped = [...found.files, ...found.contexts.flatMap((context) => context.files)].map(({ path }) => path);
    const kept = files(`examples/${name}`).map((path) => path.slice(`examples/${name}/`.length));
    expect(kept.filter((path) => !shipped.includes(path) && !isAboutTheExample(path))).toEqual([]);
  });
});

const isAboutTheExample = (path: string): boolean => /^(README\.md|homeport\.yml|\.github\/)/.test(path);

/** The stack's variables that the example's workflow sets. */
function secretsNamed(name: string): string[] {
  const workflows = files(`examples/${name}/.github/workflows/*.yml`).map(read);
  return workflows.flatMap((text) => [...text.matchAll(/^\s+([A-Z_]+)=\$\{\{/gm)].map((match) => match[1] ?? ''));
}
