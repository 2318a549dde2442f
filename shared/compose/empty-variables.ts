/**
 * Variables that come to nothing: a secret that is not set arrives as an empty value, or not at all, and Compose would start
 * the stack without a password. Names only, never values.
 */
import type { Problem } from '../base/errors.js';
import type { AskedVariable } from './yaml-value.js';

export interface EmptyVariables {
  /** Asked for and set by nobody. */
  readonly unset: readonly AskedVariable[];
  /** Asked for and empty, where the file does not say that they may be. */
  readonly empty: readonly AskedVariable[];
  /** Every variable that the compose files ask for, in whatever form. */
  readonly variables: ReadonlySet<string>;
  /** Those that whoever deploys has given without a value. */
  readonly givenEmpty: readonly string[];
}

export interface Judgement {
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

const SECRET = 'is its secret set, and does the job name the environment that holds it?';

/**
 * Given empty and asked for plainly is taken for a secret that is missing, and refused; `${X:-}` says that it is meant. What
 * nobody sets is legal in Compose, which puts nothing there: that is a warning, and so is an empty value that no compose
 * file asks for. Each name once, where it is asked for first.
 */
export function judgeEmpty({ unset, empty, variables, givenEmpty }: EmptyVariables): Judgement {
  const given = new Set(givenEmpty);
  return {
    problems: firstOfEach(empty.filter(({ name }) => given.has(name))).map(({ name, place }) => ({
      message: `${name} is empty in the input env: ${SECRET} If it may be empty, write \${${name}:-} here`,
      ...place,
    })),
    warnings: [
      ...firstOfEach(unset).map(({ name, place }) => ({
        message: `${name} is not set, so nothing is put here: give it in env, or write \${${name}:-} if that is meant`,
        ...place,
      })),
      ...givenEmpty
        .filter((name) => !variables.has(name))
        .map((name) => ({ message: `${name} is empty in the input env: ${SECRET}` })),
    ],
  };
}

function firstOfEach(asked: readonly AskedVariable[]): AskedVariable[] {
  return asked.filter(({ name }, index) => asked.findIndex((one) => one.name === name) === index);
}
