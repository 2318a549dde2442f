import { expect, test } from '@jest/globals';
import { duplexProgram, runProgram } from './program.js';
import { sh } from './shell-text.js';

const base = { nonce: 'f00', payload: false, checkGroup: false, shell: '/bin/sh' };

test('the whole program is one group, so that nothing of what follows on the channel is read as program', () => {
  for (const program of [
    runProgram({ ...base, script: sh`echo` }),
    runProgram({ ...base, script: sh`echo`, payload: true, checkGroup: true }),
    duplexProgram('f00', sh`echo`, '/bin/sh'),
  ]) {
    expect(program.text).toMatch(/^\{ [^]*\}\n$/);
    expect(program.text).toMatch(/(?:exit 0|exec \/bin\/sh [^\n]*); \}\n$/);
  }
});

test('the script is quoted as one value and nowhere in the words of a command', () => {
  const { text } = runProgram({ ...base, script: sh`echo 'it'; rm -rf /x` });
  expect(text).toContain(
    `HOMEPORT_1='echo '\\''it'\\''; rm -rf /x' /bin/sh -c 'eval "unset HOMEPORT_1;\${HOMEPORT_1}"'`,
  );
});

test('a long script is cut into variables that the kernel takes, between characters', () => {
  const { text } = runProgram({ ...base, script: sh`echo ${'\u{1f600}'.repeat(70_000)}` });
  expect(text).toContain('unset HOMEPORT_1 HOMEPORT_2 HOMEPORT_3;');
  expect(Buffer.from(text).toString()).toBe(text);
  expect(() => runProgram({ ...base, script: sh`echo ${'x'.repeat(500_000)}` })).toThrow(/ship it as a file/);
});

test('the group is checked only when asked', () => {
  expect(runProgram({ ...base, script: sh`:` }).text).not.toContain('/stat');
  expect(runProgram({ ...base, script: sh`:`, checkGroup: true }).text).toContain('f00:group');
});
