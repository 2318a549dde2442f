import { describe, expect, test } from '@jest/globals';
import { files, read } from './files.js';
import { importsOf, packageOf, ROOMS, upwardImports } from './rooms.js';

const isTest = (path: string): boolean => path.endsWith('.test.ts');
const sources = files('shared/**/*.ts');

describe('the rule itself', () => {
  test('an import of the same room or of a lower one is allowed', () => {
    expect(
      upwardImports('shared/host/lock.ts', "import { run } from '../ssh/host-shell.js';\nimport './layout.js';"),
    ).toEqual([]);
  });

  test.each([
    ["import { deploy } from '../operations/deploy.js';", 'shared/operations/deploy.js'],
    ["import type { DeployRequest } from '../operations/request.js';", 'shared/operations/request.js'],
    ["export { deploy } from '../operations/deploy.js';", 'shared/operations/deploy.js'],
    ["const deploy = await import('../operations/deploy.js');", 'shared/operations/deploy.js'],
    ["import { helper } from '../../test/support/helper.js';", 'test/support/helper.js'],
    ["import { main } from '../../action-deploy/src/main.js';", 'action-deploy/src/main.js'],
  ])('%s is refused', (source, target) => {
    expect(upwardImports('shared/host/lock.ts', source)).toEqual([
      `shared/host/lock.ts: host imports ${target}, which is not below it`,
    ]);
  });

  test('a folder that is no room is refused', () => {
    expect(upwardImports('shared/utils/x.ts', '')).toHaveLength(1);
  });

  test('the package of an import is told from its path', () => {
    expect(['yaml', 'yaml/util', '@actions/core', '@a/b/c', 'node:fs', './x.js'].map(packageOf)).toEqual([
      'yaml',
      'yaml',
      '@actions/core',
      '@a/b',
      undefined,
      undefined,
    ]);
  });
});

test('imports run downwards between the rooms', () => {
  expect(sources.length).toBeGreaterThan(10);
  // A test may take helpers from test/ and stand anywhere: it is no part of what is bundled.
  expect(sources.filter((path) => !isTest(path)).flatMap((path) => upwardImports(path, read(path)))).toEqual([]);
});

test('docs/architecture.md names every room', () => {
  const page = read('docs/architecture.md');
  expect(ROOMS.filter((room) => !page.includes(`\`${room}/\``))).toEqual([]);
});

test('what is bundled uses only what package.json lists as a dependency, each at an exact version', () => {
  const manifest = JSON.parse(read('package.json')) as Record<
    'dependencies' | 'devDependencies',
    Record<string, string>
  >;
  const bundled = [...sources, ...files('action-*/src/**/*.ts')].filter((path) => !isTest(path));
  const used = bundled.flatMap((path) => importsOf(read(path)).flatMap((specifier) => packageOf(specifier) ?? []));
  expect([...new Set(used)].filter((name) => !(name in manifest.dependencies))).toEqual([]);
  const versions = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
  expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
});
