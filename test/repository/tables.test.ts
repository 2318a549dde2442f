import { describe, expect, test } from '@jest/globals';
import { regenerated, schemaKeys } from '../../script/tables.js';
import { files, read } from './files.js';

const ACTION = `
name: x
description: y
inputs:
  host: {description: "where to |\\n deploy", required: true}
  dry-run: {description: it's a plan, default: 'false'}
  env: {description: secrets}
  env-names: {description: names}
outputs:
  result: {description: how it ended}
runs: {using: node24, main: dist/index.js}
`;
const made = (text: string): string => regenerated(text, () => ACTION);

describe('generated parts', () => {
  test('a table of inputs, with one line for each', () => {
    const text = 'before\n<!-- generated: inputs action-x -->\nold\n<!-- end generated -->\nafter';
    expect(made(text).split('\n')).toEqual([
      'before',
      '<!-- generated: inputs action-x -->',
      '',
      '| input | meaning | default |',
      '| --- | --- | --- |',
      '| `host` | where to \\| deploy | **required** |',
      "| `dry-run` | it's a plan | `false` |",
      '| `env` | secrets |  |',
      '| `env-names` | names |  |',
      '',
      '<!-- end generated -->',
      'after',
    ]);
    expect(made(made(text))).toBe(made(text));
  });

  test('a workflow gets the inputs that can be inputs there, indented as its marker is', () => {
    const text = '  # generated: workflow-inputs action-x\n  # end generated';
    expect(made(text).split('\n').slice(1, 9)).toEqual([
      '  host:',
      "    description: 'where to | deploy'",
      '    type: string',
      "    default: ''",
      '  dry-run:',
      '    description: "it\'s a plan"',
      '    type: boolean',
      '    default: false',
    ]);
    expect(made(text)).not.toMatch(/env/);
  });

  test('secrets reach the step from the secrets', () => {
    const text = '# generated: workflow-with action-x\n# end generated';
    expect(made(text).split('\n').slice(1, -1)).toEqual([
      'host: ${{ inputs.host }}',
      'dry-run: ${{ inputs.dry-run }}',
      'env: ${{ secrets.ENV }}',
    ]);
  });

  test('an unknown kind and a missing end are errors', () => {
    expect(() => made('<!-- generated: nonsense action-x -->\n<!-- end generated -->')).toThrow(/nonsense/);
    expect(() => made('<!-- generated: inputs action-x -->')).toThrow(/no end/);
  });

  test('the keys of a schema are found through references, lists and named maps', () => {
    const keys = schemaKeys({
      properties: {
        hooks: {
          properties: { before: { items: { $ref: '#/$defs/hook' } }, after: { items: { $ref: '#/$defs/hook' } } },
        },
        environments: { additionalProperties: { properties: { host: { description: 'where' } } } },
      },
      $defs: {
        hook: { oneOf: [{ properties: { run: { type: 'string' } } }, { properties: { exec: { type: 'string' } } }] },
      },
    });
    expect(keys.map(({ key }) => key)).toEqual([
      'hooks',
      'hooks.before',
      'hooks.before[].run',
      'hooks.before[].exec',
      'hooks.after',
      'environments',
      'environments.<name>.host',
    ]);
    expect(keys.find(({ key }) => key === 'hooks.after')?.sameAs).toBe('hooks.before[]');
  });
});

test('every generated part of a document or workflow is what action.yml and the schema say', () => {
  const stale = files('*.md', '*.yml').filter((path) => regenerated(read(path), read) !== read(path));
  expect(stale).toEqual([]);
});
