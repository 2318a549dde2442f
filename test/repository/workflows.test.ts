import { describe, expect, test } from '@jest/globals';
import { NOT_IN_WORKFLOWS, readAction, SECRET_INPUTS } from '../../script/tables.js';
import { actions, files, read } from './files.js';
import { ourAction, problemsOf, readWorkflow, stepsOf, unpinned, wrongInputs, wrongOutputs } from './workflows.js';

const ours = files('.github/workflows/*.yml');
const workflows = [...ours, ...files('examples/**/.github/workflows/*.yml')];

describe('the checks themselves', () => {
  test('the language service finds what is wrong', async () => {
    const broken = 'on: push\njobs:\n  a:\n    runs-onn: x\n    steps: [{run: "echo ${{ inputs.nothing }}"}]\n';
    expect((await problemsOf('.github/workflows/x.yml', broken)).join('\n')).toMatch(/runs-onn/);
    expect((await problemsOf('action.yml', 'name: x\nruns: {using: node24}\n')).length).toBeGreaterThan(0);
  });

  test('a tag is no pin, a SHA without its version neither', () => {
    const sha = 'a'.repeat(40);
    const text = ['a/b@v1', `a/b@${sha}`, `a/b@${sha} # v1.2.3`, '$/action-deploy', './x'].map(
      (used) => `  - uses: ${used}`,
    );
    expect(unpinned(text.join('\n'))).toEqual(['a/b@v1', `a/b@${sha}`]);
  });

  test('inputs and outputs of our actions are compared with action.yml', () => {
    const action = readAction('inputs: {host: {required: true}}\noutputs: {result: {}}');
    const step = { id: 'd', uses: '$/action-deploy', with: { hots: 1 } };
    expect(ourAction(step)).toBe('action-deploy');
    expect(wrongInputs(step, action)).toEqual(['unknown input hots', 'no host']);
    expect(wrongOutputs('${{ steps.d.outputs.result }} ${{ steps.d.outputs.reslut }}', step, action)).toEqual([
      'reslut',
    ]);
  });
});

describe.each(actions())('%s/action.yml', (action) => {
  const path = `${action}/action.yml`;

  test('is valid for the language service', async () => {
    expect(await problemsOf(path, read(path))).toEqual([]);
  });

  test('runs on node24', () => {
    expect(readAction(read(path)).runs.using).toBe('node24');
  });

  test('describes every input and output in words', () => {
    const { inputs = {}, outputs = {} } = readAction(read(path));
    const mute = Object.entries({ ...inputs, ...outputs }).filter(([, { description }]) => description.length < 10);
    expect(mute.map(([name]) => name)).toEqual([]);
  });
});

describe.each(workflows)('%s', (path) => {
  const text = read(path);
  const workflow = readWorkflow(text);

  test('is valid for the language service', async () => {
    expect(await problemsOf(path.replace(/^.*\.github/, '.github'), text)).toEqual([]);
  });

  test("pins what is not this repository's own by SHA", () => {
    expect(unpinned(text)).toEqual([]);
  });

  test('calls our actions with inputs that they have, and reads outputs that they have', () => {
    const wrong = stepsOf(workflow).flatMap((step) => {
      const name = ourAction(step);
      if (name === undefined) return [];
      const action = readAction(read(`${name}/action.yml`));
      return [...wrongInputs(step, action), ...wrongOutputs(text, step, action)];
    });
    expect(wrong).toEqual([]);
  });

  test('asks for the least, and no job of it can hang for ever', () => {
    expect(workflow.permissions).toBeDefined();
    const endless = Object.entries(workflow.jobs).filter(
      ([, job]) => job.uses === undefined && job['timeout-minutes'] === undefined,
    );
    expect(endless.map(([name]) => name)).toEqual([]);
  });
});

test('the reusable deploy has the inputs, secrets and outputs of the action under their own names', () => {
  const { inputs = {}, outputs = {} } = readAction(read('action-deploy/action.yml'));
  const called = readWorkflow(read('.github/workflows/deploy.yml')).on['workflow_call'] as Record<
    'inputs' | 'secrets' | 'outputs',
    Record<string, unknown>
  >;
  const expected = Object.keys(inputs).filter((name) => !(name in SECRET_INPUTS) && !NOT_IN_WORKFLOWS.has(name));
  const own = ['github-environment', 'runs-on', 'timeout-minutes'];
  expect(Object.keys(called.inputs).sort()).toEqual([...expected, ...own].sort());
  expect(Object.keys(called.secrets).sort()).toEqual(Object.values(SECRET_INPUTS).sort());
  expect(Object.keys(called.outputs).sort()).toEqual(Object.keys(outputs).sort());
});
