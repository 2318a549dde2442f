// The generated parts of documents and workflows, so that they cannot drift from action.yml and the schema. A part stands
// between two lines, `generated: <kind> <source>` and `end generated`, as a comment of Markdown or YAML. Pure: text in,
// text out; script/docs.ts reads and writes the files.
import { parse } from 'yaml';

/** An action.yml, as far as the tables need it. */
export interface ActionMetadata {
  name: string;
  description: string;
  inputs?: Record<string, { description: string; required?: boolean; default?: string | boolean | number }>;
  outputs?: Record<string, { description: string }>;
  runs: { using: string; main: string; pre?: string; post?: string };
}

/** A node of a JSON Schema, as far as the tables need it. */
export interface SchemaNode {
  $ref?: string;
  description?: string;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  properties?: Record<string, SchemaNode>;
  additionalProperties?: SchemaNode | boolean;
  items?: SchemaNode;
  oneOf?: SchemaNode[];
  anyOf?: SchemaNode[];
  $defs?: Record<string, SchemaNode>;
  definitions?: Record<string, SchemaNode>;
}

/** Inputs that reach the reusable workflow as secrets, under the name that the secret has there. */
export const SECRET_INPUTS: Readonly<Record<string, string>> = {
  'ssh-private-key': 'SSH_PRIVATE_KEY',
  'ssh-passphrase': 'SSH_PASSPHRASE',
  env: 'ENV',
  registries: 'REGISTRIES',
};

/** Inputs that mean nothing in a reusable workflow: a caller cannot set its steps' environment, and its token is the job's. */
export const NOT_IN_WORKFLOWS: ReadonlySet<string> = new Set(['env-names', 'github-token']);

export function readAction(text: string): ActionMetadata {
  return parse(text) as ActionMetadata;
}

const oneLine = (text: string): string => text.trim().replace(/\s+/g, ' ');
const cell = (text: string): string => oneLine(text).replace(/\|/g, '\\|');
const code = (text: string): string => (text === '' ? '' : `\`${cell(text)}\``);
const table = (heads: string[], rows: string[][]): string[] =>
  [heads, heads.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`);

function inputsTable(action: ActionMetadata): string[] {
  const rows = Object.entries(action.inputs ?? {}).map(([name, input]) => [
    code(name),
    cell(input.description),
    input.required === true ? '**required**' : code(String(input.default ?? '')),
  ]);
  return table(['input', 'meaning', 'default'], rows);
}

function outputsTable(action: ActionMetadata): string[] {
  const rows = Object.entries(action.outputs ?? {}).map(([name, output]) => [code(name), cell(output.description)]);
  return table(['output', 'meaning'], rows);
}

const ofWorkflow = (action: ActionMetadata): [string, NonNullable<ActionMetadata['inputs']>[string]][] =>
  Object.entries(action.inputs ?? {}).filter(([name]) => !(name in SECRET_INPUTS) && !NOT_IN_WORKFLOWS.has(name));

/** As Prettier would quote it, so that what is generated is also formatted. */
const quoted = (text: string): string =>
  text.includes("'") && !/["\\]/.test(text) ? `"${text}"` : `'${text.replace(/'/g, "''")}'`;

/** `on.workflow_call.inputs`: the action's own names and defaults; a yes or no is a boolean, so that `true` needs no quotes. */
function workflowInputs(action: ActionMetadata): string[] {
  return ofWorkflow(action).flatMap(([name, input]) => {
    const value = String(input.default ?? '');
    const isFlag = value === 'true' || value === 'false';
    return [
      `${name}:`,
      `  description: ${quoted(oneLine(input.description))}`,
      `  type: ${isFlag ? 'boolean' : 'string'}`,
      `  default: ${isFlag ? value : quoted(value)}`,
    ];
  });
}

/** `with` of the step that calls the action. */
function workflowWith(action: ActionMetadata): string[] {
  const secrets = Object.entries(SECRET_INPUTS).filter(([name]) => name in (action.inputs ?? {}));
  return [
    ...ofWorkflow(action).map(([name]) => `${name}: \${{ inputs.${name} }}`),
    ...secrets.map(([name, secret]) => `${name}: \${{ secrets.${secret} }}`),
  ];
}

function workflowSecrets(action: ActionMetadata): string[] {
  const secrets = Object.entries(SECRET_INPUTS).flatMap(([input, secret]) => {
    const description = action.inputs?.[input]?.description;
    return description === undefined ? [] : [{ secret, description }];
  });
  return secrets.flatMap(({ secret, description }) => [
    `${secret}:`,
    `  description: ${quoted(oneLine(description))}`,
    '  required: false',
  ]);
}

function workflowOutputs(action: ActionMetadata): string[] {
  return Object.entries(action.outputs ?? {}).flatMap(([name, output]) => [
    `${name}:`,
    `  description: ${quoted(oneLine(output.description))}`,
    `  value: \${{ jobs.deploy.outputs.${name} }}`,
  ]);
}

function jobOutputs(action: ActionMetadata): string[] {
  return Object.keys(action.outputs ?? {}).map((name) => `${name}: \${{ steps.deploy.outputs.${name} }}`);
}

/** One key of the schema: `hooks.before-switch[].run`, `environments.<name>.host`. */
export interface SchemaKey {
  key: string;
  node: SchemaNode;
  /** Where the keys below this one are already listed, when it has the same as another. */
  sameAs?: string;
}

/** Every key that the schema knows, in its order; what is defined once is listed once. */
export function schemaKeys(root: SchemaNode): SchemaKey[] {
  const found = new Map<string, SchemaKey>();
  const listed = new Map<SchemaNode, string>();
  visit(root, '', '');
  return [...found.values()];

  function visit(given: SchemaNode, path: string, owner: string): void {
    const node = resolved(root, given);
    const before = listed.get(node);
    if (before !== undefined && before !== path) {
      const row = found.get(owner);
      if (row !== undefined) row.sameAs = before;
      return;
    }
    if (node.properties !== undefined) listed.set(node, path);
    for (const [name, child] of Object.entries(node.properties ?? {})) {
      const key = path === '' ? name : `${path}.${name}`;
      const target = resolved(root, child);
      const description = child.description ?? target.description ?? root.properties?.[name]?.description;
      if (!found.has(key))
        found.set(key, { key, node: description === undefined ? target : { ...target, description } });
      visit(child, key, key);
    }
    if (typeof node.additionalProperties === 'object') visit(node.additionalProperties, `${path}.<name>`, owner);
    if (node.items !== undefined) visit(node.items, `${path}[]`, owner);
    for (const choice of [...(node.oneOf ?? []), ...(node.anyOf ?? [])]) visit(choice, path, owner);
  }
}

function resolved(root: SchemaNode, node: SchemaNode): SchemaNode {
  const name = /^#\/(?:\$defs|definitions)\/(.+)$/.exec(node.$ref ?? '')?.[1];
  if (name === undefined) return node;
  const target = root.$defs?.[name] ?? root.definitions?.[name];
  if (target === undefined) throw new Error(`the schema refers to ${name}, which it does not define`);
  return resolved(root, target);
}

function schemaTable(schema: SchemaNode): string[] {
  const rows = schemaKeys(schema).map(({ key, node, sameAs }) => [
    code(key),
    cell(`${node.description ?? ''}${sameAs === undefined ? '' : ` Keys as \`${sameAs}\`.`}`),
    node.default === undefined ? '' : code(JSON.stringify(node.default).replace(/^"(.*)"$/, '$1')),
  ]);
  return table(['key', 'meaning', 'default'], rows);
}

const OF_ACTION: Readonly<Record<string, (action: ActionMetadata) => string[]>> = {
  inputs: inputsTable,
  outputs: outputsTable,
  'workflow-inputs': workflowInputs,
  'workflow-secrets': workflowSecrets,
  'workflow-outputs': workflowOutputs,
  'workflow-with': workflowWith,
  'job-outputs': jobOutputs,
};

/**
 * The text with each of its generated parts made anew.
 * @param read returns the text of a file by its path in the repository
 * @throws Error for a kind that is not known, and for a part without an end
 */
export function regenerated(text: string, read: (path: string) => string): string {
  const opening = /^([ \t]*)(?:<!--|#) generated: (\S+) (\S+)(?: -->)?$/;
  const closing = /^[ \t]*(?:<!--|#) end generated(?: -->)?$/;
  const lines = text.split('\n');
  const result: string[] = [];
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? '';
    result.push(line);
    const [, indent = '', kind = '', source = ''] = opening.exec(line) ?? [];
    if (kind === '') continue;
    const end = lines.findIndex((candidate, index) => index > at && closing.test(candidate));
    if (end < 0) throw new Error(`"${line.trim()}" has no end`);
    // Prettier sets a table off from the comments around it, and so does Markdown itself.
    const around = indent === '' && line.startsWith('<!--') ? [''] : [];
    result.push(...around, ...rendered(kind, source, read).map((made) => indent + made), ...around, lines[end] ?? '');
    at = end;
  }
  return result.join('\n');
}

function rendered(kind: string, source: string, read: (path: string) => string): string[] {
  if (kind === 'schema') return schemaTable(JSON.parse(read(source)) as SchemaNode);
  const render = OF_ACTION[kind];
  if (render === undefined) throw new Error(`nothing is generated under the name ${kind}`);
  return render(readAction(read(`${source}/action.yml`)));
}
