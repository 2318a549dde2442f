/**
 * The logins that a user of the host has in `~/.docker/config.json`. It holds secrets, so nothing of it shows when it is
 * printed, and a credential helper is asked only when its registry is needed.
 */
import { inspect } from 'node:util';
import { canonicalRegistry } from './image-reference.js';
import { serverAddress, type RegistryAuth } from './registry-auth.js';
import type { RegistryLogin } from './registry-login.js';
import { fields, text, textMap, type Fields } from './shape.js';

/** Runs `docker-credential-<helper> get` on the host: its answer, or undefined when it has none. */
export type AskHelper = (helper: string, server: string) => Promise<string | undefined>;

export class DockerConfig {
  readonly #auths: ReadonlyMap<string, RegistryAuth>;
  readonly #helpers: ReadonlyMap<string, string>;
  readonly #store: string;
  readonly #askHelper: AskHelper;
  readonly #content: Fields;

  private constructor(config: unknown, askHelper: AskHelper) {
    this.#content = fields(config);
    const { auths, credHelpers, credsStore } = this.#content;
    this.#auths = new Map(
      Object.entries(fields(auths)).flatMap(([server, entry]) => {
        const auth = readAuth(server, entry);
        return auth === undefined ? [] : [[canonicalRegistry(server), auth]];
      }),
    );
    this.#helpers = new Map(
      Object.entries(textMap(credHelpers)).map(([server, helper]) => [canonicalRegistry(server), helper]),
    );
    this.#store = text(credsStore);
    this.#askHelper = askHelper;
  }

  /** A config that cannot be read has no logins: Docker itself would say more than we can. */
  static parse(content: string, askHelper: AskHelper): DockerConfig {
    try {
      return new DockerConfig(JSON.parse(content), askHelper);
    } catch {
      return new DockerConfig({}, askHelper);
    }
  }

  static readonly empty = DockerConfig.parse('{}', async () => Promise.resolve(undefined));

  async authFor(registry: string): Promise<RegistryAuth | undefined> {
    const helper = this.#helpers.get(registry) ?? this.#store;
    if (helper !== '' && /^[\w.-]+$/.test(helper)) {
      const server = serverAddress(registry);
      const answer = await this.#askHelper(helper, server);
      const auth = answer === undefined ? undefined : readHelper(server, answer);
      if (auth !== undefined) return auth;
    }
    return this.#auths.get(registry);
  }

  /** The whole config as a client reads it, with these logins before its own: secret. @param context whether it says which engine is meant */
  withLogins(logins: readonly RegistryLogin[], { context }: { readonly context: boolean }): string {
    const given = logins.map(({ registry, username, password }): [string, string] => [
      serverAddress(canonicalRegistry(registry)),
      Buffer.from(`${username}:${password}`).toString('base64'),
    ]);
    return JSON.stringify({
      ...this.#content,
      ...(context ? {} : { currentContext: undefined }),
      auths: {
        ...fields(this.#content['auths']),
        ...Object.fromEntries(given.map(([server, auth]) => [server, { auth }])),
      },
      // A store's answer would go before what is in the file, even an empty one: no helper's name means the file.
      credHelpers: {
        ...textMap(this.#content['credHelpers']),
        ...Object.fromEntries(given.map(([server]) => [server, ''])),
      },
    });
  }

  toJSON(): string {
    return '[logins]';
  }

  [inspect.custom](): string {
    return '[logins]';
  }
}

function readAuth(server: string, entry: unknown): RegistryAuth | undefined {
  const auth = fields(entry);
  const [username = '', ...password] = Buffer.from(text(auth['auth']), 'base64').toString('utf8').split(':');
  const serveraddress = serverAddress(canonicalRegistry(server));
  const identitytoken = text(auth['identitytoken']);
  const registrytoken = text(auth['registrytoken']);
  if (identitytoken !== '') return { serveraddress, username, identitytoken };
  if (registrytoken !== '') return { serveraddress, registrytoken };
  // Old clients ended the password with NULs.
  return username === '' ? undefined : { serveraddress, username, password: password.join(':').replace(/\0+$/, '') };
}

function readHelper(serveraddress: string, answer: string): RegistryAuth | undefined {
  try {
    const { Username, Secret } = fields(JSON.parse(answer));
    const [username, secret] = [text(Username), text(Secret)];
    if (secret === '') return undefined;
    return username === '<token>'
      ? { serveraddress, identitytoken: secret }
      : { serveraddress, username, password: secret };
  } catch {
    return undefined;
  }
}
