/** The Docker Engine API, version 1.41 (Docker 20.10) and later: paths, filters, and what an answer means. */
import { readContainer, readContainers, readDistribution, readImage, readInfo } from './engine-answers.js';
import { bodyText, type EngineConnection } from './engine-connection.js';
import { EngineFailure } from './engine-failure.js';
import type { EngineRequest } from './engine-lane.js';
import { EventStream } from './engine-events.js';
import { demultiplexed, wholeBody } from './engine-streams.js';
import type {
  ContainerDetails,
  ContainerSummary,
  Distribution,
  Engine,
  EngineEvent,
  EngineInfo,
  ImageDetails,
  PullOptions,
} from './engine.js';
import { pullImage } from './image-pull.js';
import { splitTag } from './image-reference.js';
import { authHeaders, type RegistryAuth } from './registry-auth.js';
import { fields, list, text, texts } from './shape.js';

/** What Homeport was tried with; a newer engine speaks it too. */
const NEWEST = '1.51';
const PROJECT = 'com.docker.compose.project';
const EVENTS = ['create', 'start', 'die', 'oom', 'destroy', 'pause', 'unpause', 'health_status'];
/** Each pull loads several layers at once; one session stays free for questions. */
const PULLS_AT_ONCE = 2;

export class EngineApi implements Engine {
  readonly host: string;
  readonly apiVersion: string;
  readonly #connection: EngineConnection;
  #pulls = 0;
  readonly #pullsWaiting: (() => void)[] = [];

  private constructor(connection: EngineConnection, apiVersion: string) {
    this.#connection = connection;
    this.host = connection.host;
    this.apiVersion = apiVersion;
  }

  static async negotiate(connection: EngineConnection): Promise<EngineApi> {
    const version = await connection.ask({ method: 'GET', path: '/_ping' }, async (answer) => {
      await bodyText(answer);
      return text(answer.headers['api-version']);
    });
    return new EngineApi(connection, olderVersion(version === '' ? NEWEST : version, NEWEST));
  }

  async info(): Promise<EngineInfo> {
    return readInfo(await this.#json('GET', '/info'));
  }

  async containers(filter: { readonly project?: string } = {}): Promise<ContainerSummary[]> {
    const query = { all: 'true', ...labelFilter(filter.project) };
    return readContainers(await this.#json('GET', `/containers/json${parameters(query)}`));
  }

  async inspectContainer(id: string): Promise<ContainerDetails | undefined> {
    const answer = await unlessAbsent(this.#json('GET', `/containers/${encodeURIComponent(id)}/json`));
    return answer === undefined ? undefined : readContainer(answer);
  }

  async logs(id: string, tail: number): Promise<string[]> {
    const query = parameters({ stdout: 'true', stderr: 'true', tail: String(tail) });
    const path = `/containers/${encodeURIComponent(id)}/logs${query}`;
    const log = await this.#connection.ask(this.#request('GET', path), wholeBody);
    const lines = demultiplexed(log).split(/\r?\n/);
    if (lines.at(-1) === '') lines.pop();
    return lines.slice(-tail);
  }

  async inspectImage(reference: string): Promise<ImageDetails | undefined> {
    const answer = await unlessAbsent(this.#json('GET', `/images/${pathOf(reference)}/json`));
    return answer === undefined ? undefined : readImage(answer);
  }

  async tagImage(id: string, reference: string): Promise<void> {
    const { name, tag } = splitTag(reference);
    await this.#do('POST', `/images/${pathOf(id)}/tag${parameters({ repo: name, tag })}`);
  }

  async untag(reference: string): Promise<boolean> {
    const image = await this.inspectImage(reference);
    if (image === undefined) return true;
    const names = image.repoTags.filter((tag) => tag !== reference);
    // The containerd store would take an image away from a container that does not run.
    if (names.length === 0 && (await this.containers()).some(({ imageId }) => imageId === image.id)) return false;
    if (!(await this.#removeName(reference))) return false;
    const left = names.length > 0 ? [] : ((await this.inspectImage(image.id))?.repoDigests ?? []);
    const removed = await Promise.all(left.map(async (digest) => this.#removeName(digest)));
    return removed.every(Boolean);
  }

  async imageTags(pattern: string): Promise<string[]> {
    const query = parameters({ filters: JSON.stringify({ reference: [pattern] }) });
    const images = list(await this.#json('GET', `/images/json${query}`));
    const matches = repositoryPattern(pattern);
    return images
      .flatMap((image) => texts(fields(image)['RepoTags']))
      .filter((tag) => matches.test(splitTag(tag).name));
  }

  async pull(pinned: string, auth: RegistryAuth | undefined, options: PullOptions = {}): Promise<void> {
    while (this.#pulls >= PULLS_AT_ONCE) await new Promise<void>((resolve) => this.#pullsWaiting.push(resolve));
    this.#pulls += 1;
    try {
      const [name = '', digest = ''] = pinned.split('@');
      const path = `/images/create${parameters({ fromImage: name, tag: digest })}`;
      const request = { ...this.#request('POST', path), headers: authHeaders(auth) };
      const signalled = options.signal === undefined ? request : { ...request, signal: options.signal };
      await this.#connection.ask(signalled, async (answer) => pullImage(this.host, answer, options.onProgress));
    } finally {
      this.#pulls -= 1;
      this.#pullsWaiting.shift()?.();
    }
  }

  async distribution(reference: string, auth: RegistryAuth | undefined): Promise<Distribution> {
    const request = { ...this.#request('GET', `/distribution/${pathOf(reference)}/json`), headers: authHeaders(auth) };
    return readDistribution(await this.#connection.ask(request, readJson));
  }

  async networks(project?: string): Promise<string[]> {
    return namesOf(list(await this.#json('GET', `/networks${parameters(labelFilter(project))}`)));
  }

  async volumes(project?: string): Promise<string[]> {
    const answer = await this.#json('GET', `/volumes${parameters(labelFilter(project))}`);
    return namesOf(list(fields(answer)['Volumes']));
  }

  async startContainer(id: string): Promise<void> {
    await this.#do('POST', `/containers/${encodeURIComponent(id)}/start`);
  }

  async removeContainer(id: string, options: { readonly force?: boolean } = {}): Promise<void> {
    const query = parameters({ force: String(options.force ?? false), v: 'false' });
    await unlessAbsent(this.#do('DELETE', `/containers/${encodeURIComponent(id)}${query}`));
  }

  async events(filter: { readonly project: string; readonly since?: number }): Promise<AsyncIterable<EngineEvent>> {
    const filters = JSON.stringify({ type: ['container'], label: [`${PROJECT}=${filter.project}`], event: EVENTS });
    const query = parameters({
      filters,
      ...(filter.since === undefined ? {} : { since: (filter.since / 1000).toFixed(9) }),
    });
    const { answer, lane } = await this.#connection.askApart(this.#request('GET', `/events${query}`));
    return new EventStream(this.host, answer, () => {
      this.#connection.leave(lane);
    });
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  /** @returns false when a container uses what it names */
  async #removeName(reference: string): Promise<boolean> {
    try {
      await unlessAbsent(this.#do('DELETE', `/images/${pathOf(reference)}`));
      return true;
    } catch (error) {
      if (error instanceof EngineFailure && error.status === 409) return false;
      throw error;
    }
  }

  async #json(method: EngineRequest['method'], path: string): Promise<unknown> {
    return this.#connection.ask(this.#request(method, path), readJson);
  }

  async #do(method: EngineRequest['method'], path: string): Promise<string> {
    return this.#connection.ask(this.#request(method, path), bodyText);
  }

  #request(method: EngineRequest['method'], path: string): EngineRequest {
    return { method, path: `/v${this.apiVersion}${path}` };
  }
}

async function readJson(answer: Parameters<typeof bodyText>[0]): Promise<unknown> {
  return JSON.parse(await bodyText(answer)) as unknown;
}

async function unlessAbsent<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof EngineFailure && error.status === 404) return undefined;
    throw error;
  }
}

function labelFilter(project: string | undefined): Record<string, string> {
  return project === undefined ? {} : { filters: JSON.stringify({ label: [`${PROJECT}=${project}`] }) };
}

function parameters(query: Readonly<Record<string, string>>): string {
  const text = new URLSearchParams(query).toString();
  return text === '' ? '' : `?${text}`;
}

/** A reference has slashes and colons that the engine's router wants as they are. */
function pathOf(reference: string): string {
  return reference.split('/').map(encodeURIComponent).join('/').replaceAll('%3A', ':').replaceAll('%40', '@');
}

function namesOf(items: readonly unknown[]): string[] {
  return items.map((item) => text(fields(item)['Name'])).filter((name) => name !== '');
}

function repositoryPattern(pattern: string): RegExp {
  const literal = pattern.split('*').map((piece) => piece.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${literal.join('[^/]*')}$`);
}

export function olderVersion(one: string, other: string): string {
  const [oneMajor = 0, oneMinor = 0] = one.split('.').map(Number);
  const [otherMajor = 0, otherMinor = 0] = other.split('.').map(Number);
  return oneMajor < otherMajor || (oneMajor === otherMajor && oneMinor < otherMinor) ? one : other;
}
