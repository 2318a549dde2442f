/**
 * A YAML file as the finder reads it: values with their place in the file, anchors followed, merge keys applied, variables
 * interpolated. Compose's tags `!reset` and `!override` can be asked for.
 */
import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  visit,
  type Document,
  type Node,
  type Scalar,
} from 'yaml';
import type { Problem } from '../base/errors.js';
import { interpolate, variablesOf, type Lookup } from './interpolate.js';

/** From 1; the file as messages name it. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A variable, and where it is asked for. */
export interface AskedVariable {
  readonly name: string;
  readonly place: Place;
}

export class YamlFile {
  /** What is wrong with the file: its syntax, and variables that it requires and does not get. */
  readonly problems: readonly Problem[];
  /** Every variable that it interpolates. */
  readonly variables: ReadonlySet<string>;
  /** For which nothing is put, since nobody sets them. */
  readonly unset: readonly AskedVariable[];
  /** For which nothing is put, since they are empty, though the file does not say that they may be. */
  readonly empty: readonly AskedVariable[];
  readonly #documents: readonly Document[];
  readonly #lines = new LineCounter();

  /** @param shown the file's name in messages */
  constructor(
    text: string,
    readonly shown: string,
    readonly lookup: Lookup,
  ) {
    const parsed = parseAllDocuments(text, { lineCounter: this.#lines });
    this.#documents = Array.isArray(parsed) ? parsed : [];
    const scalars = this.#documents.flatMap(valuesIn);
    const interpolated = scalars.flatMap(({ value, ...scalar }) =>
      typeof value === 'string' && value.includes('$')
        ? [{ ...interpolate(value, lookup), place: this.#placeAt(scalar.range?.[0] ?? 0) }]
        : [],
    );
    this.problems = [
      ...this.#documents.flatMap(({ errors }) => errors.map((error) => this.#syntaxProblem(error))),
      ...interpolated.flatMap(({ problems, place }) => problems.map((message) => ({ message, ...place }))),
    ];
    this.unset = interpolated.flatMap(({ unset, place }) => unset.map((name) => ({ name, place })));
    this.empty = interpolated.flatMap(({ empty, place }) => empty.map((name) => ({ name, place })));
    this.variables = new Set(scalars.flatMap(({ value }) => (typeof value === 'string' ? variablesOf(value) : [])));
  }

  /** The values at the top of its documents (Compose merges several in one file). */
  get roots(): YamlValue[] {
    return this.#documents.flatMap((document) =>
      document.contents === null ? [] : [new YamlValue(this, document, document.contents)],
    );
  }

  placeOf(node: Node): Place {
    return this.#placeAt(node.range?.[0] ?? 0);
  }

  #placeAt(offset: number): Place {
    const { line, col } = this.#lines.linePos(offset);
    return { file: this.shown, line: Math.max(line, 1), column: Math.max(col, 1) };
  }

  #syntaxProblem({ message, pos }: { message: string; pos: [number, number] }): Problem {
    const [first = ''] = message.split('\n', 1);
    return { message: first.replace(/ at line \d+, column \d+:?$/, ''), ...this.#placeAt(pos[0]) };
  }
}

/** One value of a YAML file. */
export class YamlValue {
  readonly #file: YamlFile;
  readonly #document: Document;
  readonly #node: Node;

  constructor(file: YamlFile, document: Document, node: Node) {
    this.#file = file;
    this.#document = document;
    this.#node = node;
  }

  get place(): Place {
    return this.#file.placeOf(this.#node);
  }

  /** `!reset`, `!override`, or none. */
  get tag(): string | undefined {
    return this.#node.tag?.startsWith('!') === true && !this.#node.tag.startsWith('!!') ? this.#node.tag : undefined;
  }

  /** A scalar as text, interpolated; numbers and the like as they are written. */
  get text(): string | undefined {
    const node = this.#resolved();
    if (!isScalar(node) || node.value === null) return undefined;
    const written = typeof node.value === 'string' ? node.value : (node.source ?? JSON.stringify(node.value));
    return interpolate(written, this.#file.lookup).value;
  }

  get items(): YamlValue[] {
    const node = this.#resolved();
    return isSeq(node) ? node.items.flatMap((item) => this.#child(item)) : [];
  }

  get isMap(): boolean {
    return isMap(this.#resolved());
  }

  /** The pairs of a map; those of merged maps come first and are overridden by its own. */
  get entries(): Map<string, YamlValue> {
    const entries = new Map<string, YamlValue>();
    const node = this.#resolved();
    if (!isMap(node)) return entries;
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? String(key.value) : '';
      if (name !== '<<') continue;
      // Of several merged maps the first one has the word.
      for (const merged of this.#child(value)
        .flatMap((one) => (one.isMap ? [one] : one.items))
        .reverse()) {
        for (const [inner, one] of merged.entries) entries.set(inner, one);
      }
    }
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? String(key.value) : '';
      if (name === '<<') continue;
      entries.delete(name);
      for (const one of this.#child(value)) entries.set(name, one);
    }
    return entries;
  }

  get(key: string): YamlValue | undefined {
    return this.entries.get(key);
  }

  #resolved(): Node | undefined {
    return isAlias(this.#node) ? this.#node.resolve(this.#document) : this.#node;
  }

  #child(value: unknown): YamlValue[] {
    return isNode(value) ? [new YamlValue(this.#file, this.#document, value)] : [];
  }
}

/** Keys are not interpolated by Compose. */
function valuesIn(document: Document): Scalar[] {
  const scalars: Scalar[] = [];
  visit(document, {
    Scalar: (key, node) => {
      if (key !== 'key') scalars.push(node);
    },
  });
  return scalars;
}
