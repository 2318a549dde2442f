import { describe, expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { parse, parseAllDocuments } from 'yaml';
import { schemaKeys, type SchemaNode } from '../../script/tables.js';
import { codeBlocksOf } from './documents.js';
import { files, read } from './files.js';

const schema = JSON.parse(read('homeport.schema.json')) as SchemaNode;
const validate = new Ajv({ allErrors: true, strictTypes: false }).compile(schema);

test('the schema is one, and describes every key', () => {
  const mute = schemaKeys(schema).filter(({ node }) => (node.description ?? '').length < 4);
  expect(mute.map(({ key }) => key)).toEqual([]);
});

test('the schema refuses what is not in it', () => {
  expect(validate({ homeport: 1, project: 'x', helth: {} })).toBe(false);
  expect(validate({ homeport: 1, project: 'x' })).toBe(true);
});

test('docs/configuration.md lists every key', () => {
  const page = read('docs/configuration.md');
  expect(schemaKeys(schema).filter(({ key }) => !page.includes(`| \`${key}\` |`))).toEqual([]);
});

describe('what documents and examples show', () => {
  const shown = files('*.md', '**/*.md').flatMap((path) =>
    codeBlocksOf(read(path), 'yaml')
      .filter((block) => /^homeport: 1$/m.test(block))
      .map((block) => [path, block] as const),
  );
  const kept = files('examples/**/homeport.yml', 'homeport.yml', '.github/homeport.yml').map(
    (path) => [path, read(path)] as const,
  );

  test('there is something to check', () => {
    expect(shown.length).toBeGreaterThan(0);
    expect(kept.length).toBeGreaterThan(0);
  });

  test.each([...shown, ...kept])('a config in %s is valid', (_, text) => {
    validate(parse(text));
    expect(validate.errors ?? []).toEqual([]);
  });

  test.each(files('*.md', '**/*.md'))('every YAML block in %s parses', (path) => {
    const broken = codeBlocksOf(read(path), 'yaml').filter((block) =>
      parseAllDocuments(block).some(({ errors }) => errors.length > 0),
    );
    expect(broken).toEqual([]);
  });
});
