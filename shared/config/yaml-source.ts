/** A YAML text that remembers where its keys and values stand, so that every complaint about it can name line and column. */
import { isAlias, isMap, isNode, isPair, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Document, Node, Pair, YAMLMap } from 'yaml';
import { messageOf, UserError, type Problem } from '../base/errors.js';

/** Keys and indexes from the top: `['hooks', 'before-switch', 0, 'run']`. */
export type ValuePath = readonly (string | number)[];

export class YamlSource {
  readonly value: unknown;
  /** As messages name it; undefined for text that was not read from a file. */
  readonly file: string | undefined;
  readonly #document: Document;
  readonly #lines: LineCounter;

  /**
   * @param name what messages call a text that is in no file, such as `the input config`
   * @throws UserError for text that is no YAML, all problems at once
   */
  constructor(text: string, { file, name }: { file?: string; name?: string }) {
    this.file = file;
    this.#name = name;
    this.#lines = new LineCounter();
    this.#document = parseDocument(text, {
      lineCounter: this.#lines,
      prettyErrors: false,
      merge: true,
      // One document only, and each key once: what a second one says would silently win or be lost.
      uniqueKeys: true,
    });
    const wrong = [...this.#document.errors, ...this.#document.warnings];
    if (wrong.length > 0)
      throw new UserError(wrong.map(({ pos, message }) => this.#problemAt(pos[0], firstLine(message))));
    this.value = this.#toValue();
  }

  readonly #name: string | undefined;

  /** A problem with the value at `path`, or with what holds it where it is not written out. */
  problem(path: ValuePath, message: string): Problem {
    return this.#problemAt(this.#offset(path, 'value'), message);
  }

  /** A problem with the key that ends `path`. */
  problemWithKey(path: ValuePath, message: string): Problem {
    return this.#problemAt(this.#offset(path, 'key'), message);
  }

  /** Whether something is written at `path`. */
  has(path: ValuePath): boolean {
    let node: Node | undefined = isNode(this.#document.contents) ? this.#document.contents : undefined;
    for (const step of path) node = this.#step(node, step)?.value;
    return node !== undefined;
  }

  #toValue(): unknown {
    try {
      return this.#document.toJS() as unknown;
    } catch (error) {
      // Aliases that multiply: the library refuses to resolve them.
      throw new UserError(this.#problemAt(0, messageOf(error)));
    }
  }

  #problemAt(offset: number, message: string): Problem {
    const { line, col } = this.#lines.linePos(offset);
    if (this.file !== undefined) return { message, file: this.file, line, column: col };
    return { message: `${this.#name ?? 'YAML'}, line ${line}, column ${col}: ${message}` };
  }

  #offset(path: ValuePath, which: 'key' | 'value'): number {
    let node: Node | undefined = isNode(this.#document.contents) ? this.#document.contents : undefined;
    let offset = node?.range?.[0] ?? 0;
    for (const [index, step] of path.entries()) {
      const found = this.#step(node, step);
      if (found === undefined) return offset;
      const wanted = index === path.length - 1 && which === 'key' ? found.key : (found.value ?? found.key);
      offset = wanted?.range?.[0] ?? offset;
      node = found.value;
    }
    return offset;
  }

  #step(parent: Node | undefined, step: string | number): { key?: Node; value?: Node } | undefined {
    const node = isAlias(parent) ? parent.resolve(this.#document) : parent;
    if (isSeq(node)) {
      const item: unknown = node.items[Number(step)];
      return isNode(item) ? { key: item, value: item } : undefined;
    }
    if (!isMap(node)) return undefined;
    const pair = this.#pair(node, String(step));
    if (pair === undefined) return undefined;
    return { ...(isNode(pair.key) ? { key: pair.key } : {}), ...(isNode(pair.value) ? { value: pair.value } : {}) };
  }

  /** The pair of a key, also where it came by `<<` from another map. */
  #pair(map: YAMLMap, key: string): Pair | undefined {
    const pairs = map.items.filter((item) => isPair(item));
    const own = pairs.find((pair) => isScalar(pair.key) && String(pair.key.value) === key);
    if (own !== undefined) return own;
    for (const pair of pairs.filter((candidate) => isScalar(candidate.key) && String(candidate.key.source) === '<<')) {
      const sources = isSeq(pair.value) ? pair.value.items : [pair.value];
      for (const source of sources) {
        const target = isAlias(source) ? source.resolve(this.#document) : source;
        const found = isMap(target) ? this.#pair(target, key) : undefined;
        if (found !== undefined) return found;
      }
    }
    return undefined;
  }
}

const firstLine = (text: string): string => text.split('\n', 1)[0] ?? text;
