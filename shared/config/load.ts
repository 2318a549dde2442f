/** Loads homeport.yml: found, parsed, validated, and merged for one environment. Whatever is wrong is said all at once. */
import { UserError, type Problem } from '../base/errors.js';
import { configOf, type Config } from './config.js';
import type { ConfigDocument, StackDocument } from './document.js';
import { chooseEnvironment, mergedFor } from './environment.js';
import { findConfig, type ConfigPlace } from './find-config.js';
import { ruleProblems } from './rules.js';
import { schemaProblems } from './schema-problems.js';
import type { YamlSource } from './yaml-source.js';

export interface LoadedConfig {
  readonly config: Config;
  /** Absolute folder that the config's paths are relative to. */
  readonly root: string;
  /** The chosen environment, where the config has any. */
  readonly environment: string | undefined;
  /** As written, merged for the environment: what not-yet.ts looks at. */
  readonly document: StackDocument;
  /** Undefined where there is no config. */
  readonly source: YamlSource | undefined;
}

/**
 * @param environment the name asked for, or empty
 * @throws UserError with every problem of the file, by line and column
 */
export function loadConfig(place: ConfigPlace, environment: string): LoadedConfig {
  const { source, root } = findConfig(place);
  const document = source === undefined ? undefined : validated(source);
  const chosen = chooseEnvironment(document, environment, source);
  const merged = document === undefined ? {} : mergedFor(document, chosen);
  return { config: configOf(merged), root, environment: chosen, document: merged, source };
}

function validated(source: YamlSource): ConfigDocument {
  const problems = [...schemaProblems(source), ...ruleProblems(source)].sort(byPlace);
  if (problems.length > 0) throw new UserError(problems);
  return source.value as ConfigDocument;
}

const byPlace = (a: Problem, b: Problem): number => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
