// Makes the generated parts of every document and workflow anew, or, with --check, says which are out of date.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { regenerated } from './tables.js';

const check = process.argv.includes('--check');
const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md', '*.yml'], {
  encoding: 'utf8',
});
const read = (path: string): string => readFileSync(path, 'utf8');

const stale = listed.split('\n').filter((path) => {
  if (path === '') return false;
  const before = read(path);
  const after = regenerated(before, read);
  if (after !== before && !check) writeFileSync(path, after);
  return after !== before;
});
for (const path of stale)
  console.log(check ? `${path} is not what action.yml and the schema say: run ./script/docs` : `${path}: written`);
if (check && stale.length > 0) process.exitCode = 1;
