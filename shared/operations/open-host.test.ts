import { expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { engineWith } from '../../test/support/stack.js';
import type { HostFacts } from '../host/facts.js';
import { openLocal } from '../ssh/local.js';
import { assemble } from './open-host.js';

test('Compose is called where an operator would call it, and told so, whatever our own folder is', () => {
  const folder = mkdtempSync(join(tmpdir(), "homeport it's $1 "));
  try {
    mkdirSync(join(folder, 'staged'));
    const facts = {
      path: folder,
      hostEnvironment: { PATH: process.env['PATH'] ?? '', HOME: '/home/x' },
      composeCommand: ['sh', '-c', 'env -u _ printenv PWD; pwd -P; printf "%s|" "$@"', 'sh'],
      dockerCommand: ['docker'],
    } as unknown as HostFacts;
    const host = assemble(openLocal(), facts, engineWith({}));
    const say = (text: string): string => execFileSync('/bin/sh', ['-c', text], { cwd: '/', encoding: 'utf8' });
    expect(say(host.compose(['up', 'a b']).text)).toBe(`${folder}\n${folder}\nup|a b|`);
    expect(say(host.compose(['config'], join(folder, 'staged')).text)).toBe(
      `${folder}/staged\n${folder}/staged\nconfig|`,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
