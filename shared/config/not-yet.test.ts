import { expect, test } from '@jest/globals';
import { describeProblem } from '../base/errors.js';
import { loadConfig } from './load.js';
import { notYetInConfig } from './not-yet.js';
import { TestFolder } from './test-folder.js';

function askedBy(text: string, backup: 'auto' | 'always' | 'never' = 'auto', environment = ''): string[] {
  using folder = new TestFolder({ 'homeport.yml': `homeport: 1\nproject: shop\n${text}\n` });
  const loaded = loadConfig({ workspace: folder.path, workingDirectory: '.', config: '' }, environment);
  return notYetInConfig(loaded, backup).map(describeProblem);
}

test.each([
  ['smoke: [{name: a, http: "https://x"}]', /^homeport.yml:3:1: smoke is not there yet .*remove it/],
  ['smoke: {checks: [{http: "https://x"}], watch: 2m}', /smoke is not there yet/],
  ['backup: {databases: auto}', /backup before a deploy is not there yet .*set the input backup to never/],
  ['env-check: {template: .env.example}', /env-check is not there yet/],
  ['policy: {level: warn}', /policy is not there yet/],
  ['notify: [{webhook: x}]', /notify is not there yet/],
  ['rotate: [{service: db, user: app, password: DB_PASSWORD}]', /rotate is not there yet/],
  ['adopt-from: {project: x, path: /srv/x}', /adopt-from is not there yet/],
  ['archive-images: true', /archive-images is not there yet/],
  ['rollout: {web: {strategy: rolling}}', /^homeport.yml:3:17: rollout strategy rolling is not there yet/],
  ['rollout: {web: {drain: 10s}}', /rollout drain is not there yet/],
  ['host: [a@b, c@d]', /a deploy to several hosts is not there yet/],
])('%s is refused with one clear line', (text, line) => {
  expect(askedBy(text)).toEqual([expect.stringMatching(line)]);
});

test.each([
  'tasks: {vacuum: {exec: db, command: [psql], backup-first: true}}',
  'hooks: {before-rollback: [{run: web, image: leaving, command: [a]}], after-rollback: []}',
  'hooks: {after-switch: [{exec: web, command: a, on-return: rerun}]}',
  'adopt: inexact\ndrift: keep\nenv-source: host\narchive-images: false',
  'rollout: {web: {strategy: recreate}, db: {strategy: auto}}',
  'smoke: []\nnotify: []\nrotate: []',
  'on-file-change: {nginx: restart, web: {test: [nginx, -t], signal: HUP}}\npull: {db: always}',
])('%j asks a deploy for nothing that is not there', (text) => {
  expect(askedBy(text)).toEqual([]);
});

test('without a backup asked for, the config may describe one', () => {
  expect(askedBy('backup: {databases: auto}', 'never')).toEqual([]);
});

test('the line is the one where it is written, in the environment or for all', () => {
  const text = 'environments:\n  a: {archive-images: true}\n  b: {}\nsmoke: [{http: "https://x"}]';
  expect(askedBy(text, 'auto', 'a')).toEqual([
    expect.stringMatching(/^homeport.yml:6:1: smoke/),
    expect.stringMatching(/^homeport.yml:4:7: archive-images/),
  ]);
  expect(askedBy(text, 'auto', 'b')).toEqual([expect.stringMatching(/^homeport.yml:6:1: smoke/)]);
});
