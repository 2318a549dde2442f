import { expect, test } from '@jest/globals';
import { statSync } from 'node:fs';
import { files, inRoot, read } from './files.js';

const LONGEST = 250;

/** Data that a program wrote says so in its first lines. */
const isGenerated = (text: string): boolean => /generated/i.test(text.split('\n', 3).join('\n'));

test(`no module is longer than ${LONGEST} lines`, () => {
  const long = files('shared/**/*.ts', 'action-*/src/**/*.ts', 'test/repository/*.ts').flatMap((path) => {
    const text = read(path);
    const lines = text.split('\n').length - 1;
    return lines > LONGEST && !path.endsWith('.test.ts') && !isGenerated(text) ? [`${path}: ${lines} lines`] : [];
  });
  expect(long).toEqual([]);
});

test('files are named in kebab-case', () => {
  const named = files('shared', 'action-*/src', 'test', 'script').map((path) => path.slice(path.lastIndexOf('/') + 1));
  const odd = named.filter(
    (name) => name.endsWith('.ts') && !/^[a-z0-9]+(-[a-z0-9]+)*(\.(test|bench|d))?\.ts$/.test(name),
  );
  expect(odd).toEqual([]);
});

const withoutImports = (text: string): string => text.replace(/^(import [^;]+;\s*)*/, '');

test('a module says in its first lines why it exists', () => {
  const mute = files('shared/**/*.ts', 'script/*.ts')
    .filter((path) => !path.endsWith('.test.ts'))
    .filter((path) => !/^(\/\/|\/\*)/.test(withoutImports(read(path))));
  expect(mute).toEqual([]);
});

test('nothing names the place where it was written', () => {
  // In pieces, so that this file does not find itself.
  const place = new RegExp(
    ['/work/', '(main|shared)', '|', '/home/', '[a-z]+/(src|projects)/', '|', '\\.lib', 'rary/'].join(''),
  );
  const texts = files().filter((path) => !/\/dist\/|package-lock\.json$|\.(tar|gz|png)$/.test(path));
  expect(texts.filter((path) => place.test(read(path)))).toEqual([]);
});

test('every script can be run, and says what runs it', () => {
  const scripts = files('script/*', '.ci/*', 'examples/**/*.sh').filter((path) => !path.endsWith('.ts'));
  expect(scripts).toContain('script/test');
  const notRunnable = scripts.filter(
    (path) => (statSync(inRoot(path)).mode & 0o111) === 0 || !read(path).startsWith('#!/'),
  );
  expect(notRunnable).toEqual([]);
});
