import { expect, test } from '@jest/globals';
import { existsSync, statSync } from 'node:fs';
import { posix } from 'node:path';
import { anchorsOf, linksOf } from './documents.js';
import { files, inRoot, read } from './files.js';

const isOutside = (link: string): boolean => /^[a-z][a-z+.-]*:/i.test(link);

/** What is wrong with a link of a page; undefined for one that leads somewhere. */
function fault(page: string, link: string): string | undefined {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? page : posix.join(posix.dirname(page), decodeURIComponent(path));
  if (target.startsWith('..') || !existsSync(inRoot(target))) return `${page}: ${link} is not there`;
  if (anchor === undefined || statSync(inRoot(target)).isDirectory() || !target.endsWith('.md')) return undefined;
  return anchorsOf(read(target)).includes(anchor) ? undefined : `${page}: ${link} has no such heading`;
}

test('links and anchors are read as GitHub reads them', () => {
  expect(linksOf('[a](x.md) ![b](y.png "t")\n```\n[c](z)\n```\n[d]: w.md')).toEqual(['x.md', 'y.png', 'w.md']);
  expect(anchorsOf('# Hello, `World`!\n## A & B\n## A & B\n```\n# no\n```')).toEqual(['hello-world', 'a--b', 'a--b-1']);
  expect(fault('README.md', 'no-such-file.md')).toMatch(/not there/);
});

test('every relative link of the documents leads somewhere', () => {
  const pages = files('*.md', '**/*.md');
  expect(pages).toContain('README.md');
  const faults = pages.flatMap((page) =>
    linksOf(read(page)).map((link) => (isOutside(link) ? undefined : fault(page, link))),
  );
  expect(faults.filter((found) => found !== undefined)).toEqual([]);
});

test.each(['README.md', 'LICENSE', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md', 'docs/architecture.md'])(
  '%s is there',
  (path) => {
    expect(read(path).length).toBeGreaterThan(300);
  },
);
