/** With `env-source: host` the host's `.env` is the whole truth: what is given beside it would be left out without a word. */
import type { Problem } from '../base/errors.js';
import type { LoadedConfig } from '../config/load.js';
import type { DeployInputs } from './inputs.js';

export function givenBesideTheHosts(
  { config, source, environment }: LoadedConfig,
  { env, envNames }: Pick<DeployInputs, 'env' | 'envNames'>,
): Problem[] {
  if (config.envSource !== 'host') return [];
  const message = (what: string): string =>
    `${what} is given, and with \`env-source: host\` the host's .env is the truth: remove it, or say \`env-source: merge\``;
  const own = ['environments', environment ?? '', 'env-file'];
  const at = source?.has(own) === true ? own : ['env-file'];
  return [
    ...(config.envFile === undefined
      ? []
      : [source?.problem(at, message('env-file')) ?? { message: message('env-file') }]),
    ...(envNames.length === 0 ? [] : [{ message: message('the input env-names') }]),
    ...(env.trim() === '' ? [] : [{ message: message('the input env') }]),
  ];
}
