/** Runs of action-deploy for tests: as the runner makes them, in this process, with a deploy of the test's own. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TestFolder } from '../config/test-folder.js';
import type { DeployRequest } from '../operations/request.js';
import type { DeployResult } from '../operations/result.js';
import { captured } from './captured.js';
import { deployAction, type Deploy } from './deploy.js';
import { runAction } from './run.js';
import { DEPLOYED } from './sample-result.js';

const CONFIG = `homeport: 1
project: shop
env-file: .env.production
health: {stable: 1s}
environments:
  production: {host: deploy@203.0.113.7, known-hosts: 'SHA256:abc', url: 'https://shop.example', scale: {web: 2}}
  staging: {host: local, path: /srv/staging}
`;

export interface Run {
  readonly status: typeof process.exitCode;
  readonly lines: readonly string[];
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
  readonly report: string;
  readonly request: DeployRequest | undefined;
}

type Texts = Readonly<Record<string, string>>;

/** A checkout with a config, and the process as it was when the test is over. */
export class TestJob implements Disposable {
  readonly folder: TestFolder;
  readonly #before = { ...process.env };

  constructor(files?: Texts) {
    const usual = {
      'homeport.yml': CONFIG,
      '.env.production': 'LOG_LEVEL=INFO\nGREETING=from-the-file\n',
      '.git/HEAD': '',
    };
    this.folder = new TestFolder(files ?? usual);
  }

  async run(inputs: Texts, deploy: Deploy = finds(DEPLOYED), env: Texts = {}): Promise<Run> {
    const outputFile = this.folder.write('.temp/output', '');
    const summaryFile = this.folder.write('.temp/summary', '');
    const given = Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]);
    process.env = {
      PATH: this.#before['PATH'],
      GITHUB_WORKSPACE: this.folder.path,
      GITHUB_OUTPUT: outputFile,
      GITHUB_STEP_SUMMARY: summaryFile,
      GITHUB_SHA: '3f2a1c9d',
      GITHUB_ACTOR: 'octocat',
      GITHUB_REPOSITORY: 'acme/shop',
      GITHUB_RUN_ID: '7',
      RUNNER_TEMP: join(this.folder.path, '.temp'),
      ...(Object.fromEntries(given) as Record<string, string>),
      ...env,
    };
    process.exitCode = 0;
    let request: DeployRequest | undefined;
    const lines = await captured(async () =>
      runAction(async (context) =>
        deployAction(context, async (asked, deployContext) => {
          request = asked;
          return deploy(asked, deployContext);
        }),
      ),
    );
    const outputs = parseOutputs(readFileSync(outputFile, 'utf8'));
    const report = (outputs['report'] ?? '') === '' ? '' : readFileSync(outputs['report'] ?? '', 'utf8');
    return { status: process.exitCode, lines, outputs, summary: readFileSync(summaryFile, 'utf8'), report, request };
  }

  [Symbol.dispose](): void {
    this.folder[Symbol.dispose]();
    process.env = this.#before;
    process.exitCode = 0;
  }
}

export const finds =
  (result: DeployResult): Deploy =>
  async () =>
    Promise.resolve(result);

export const fails =
  (error: Error): Deploy =>
  async () =>
    Promise.reject(error);

export const errorsIn = (lines: readonly string[]): string[] => lines.filter((line) => line.startsWith('::error'));

function parseOutputs(text: string): Record<string, string> {
  const found = [...text.matchAll(/^(.+)<<(ghadelimiter_.+)\n([^]*?)\n\2$/gm)];
  return Object.fromEntries(found.map(([, name = '', , value = '']) => [name, value]));
}
