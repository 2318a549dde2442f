// Workflows and action.yml, judged by the language service of GitHub Actions and by this repository's own rules.
import { validate } from '@actions/languageservice/validate';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { parse } from 'yaml';
import type { ActionMetadata } from '../../script/tables.js';

export interface Step {
  id?: string;
  name?: string;
  uses?: string;
  run?: string;
  with?: Record<string, unknown>;
}

export interface Job {
  uses?: string;
  with?: Record<string, unknown>;
  secrets?: Record<string, string> | string;
  outputs?: Record<string, string>;
  permissions?: Record<string, string>;
  'timeout-minutes'?: number | string;
  steps?: Step[];
}

export interface Workflow {
  on: Record<string, unknown>;
  permissions?: Record<string, string>;
  jobs: Record<string, Job>;
}

export const readWorkflow = (text: string): Workflow => parse(text) as Workflow;

export const stepsOf = (workflow: Workflow): Step[] => Object.values(workflow.jobs).flatMap((job) => job.steps ?? []);

/** What the language service says about a workflow or an action.yml: one line for each problem. */
export async function problemsOf(path: string, text: string): Promise<string[]> {
  const language = path.endsWith('action.yml') ? 'github-actions-action' : 'github-actions-workflow';
  const found = await validate(TextDocument.create(`file:///${path}`, language, 1, text));
  return found.map(
    ({ message, range }) => `${path}:${range.start.line + 1}: ${typeof message === 'string' ? message : message.value}`,
  );
}

/** Each `uses` of the text that is neither this repository's own nor pinned by a full SHA with the version beside it. */
export function unpinned(text: string): string[] {
  const uses = text.split('\n').flatMap((line) => /^[\s-]*uses:\s*(.+)$/.exec(line)?.[1] ?? []);
  return uses.filter(
    (used) => !/^(\$|\.)\//.test(used) && !isOurs(used) && !/^[\w./-]+@[0-9a-f]{40} # v\d+(\.\d+){0,2}$/.test(used),
  );
}

/** Whether a `uses` in a document or an example is one of our actions, by the name that a user writes. */
const isOurs = (used: string): boolean => /^OWNER\/homeport\/[\w./-]+@v\d+$/.test(used);

/** The folder of our action that a step calls, here or from a user's repository; undefined for others' actions. */
export function ourAction(step: Step): string | undefined {
  return /^(?:\$\/|\.\/|OWNER\/homeport\/)(action-[a-z-]+)(?:@v\d+)?$/.exec(step.uses ?? '')?.[1];
}

/** Inputs that a step gives and the action does not have, and required ones that it does not give. */
export function wrongInputs(step: Step, action: ActionMetadata): string[] {
  const given = Object.keys(step.with ?? {});
  const inputs = action.inputs ?? {};
  const unknown = given.filter((name) => !(name in inputs)).map((name) => `unknown input ${name}`);
  const missing = Object.entries(inputs).filter(([name, input]) => input.required === true && !given.includes(name));
  return [...unknown, ...missing.map(([name]) => `no ${name}`)];
}

/** Outputs that a workflow reads from a step of ours and that the action does not have. */
export function wrongOutputs(text: string, step: Step, action: ActionMetadata): string[] {
  if (step.id === undefined) return [];
  const read = [...text.matchAll(new RegExp(`steps\\.${step.id}\\.outputs\\.([\\w-]+)`, 'g'))].map(
    (match) => match[1] ?? '',
  );
  return read.filter((name) => !(name in (action.outputs ?? {})));
}
