/** What GitHub says about the run: from where, by whom, of what. */
import { readFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';

export interface RunFacts {
  /** Absolute folder of the checkout. */
  readonly workspace: string;
  readonly commit: string;
  readonly actor: string;
  /** Empty outside of GitHub. */
  readonly runUrl: string;
  /** A folder for files that later steps may read. */
  readonly temp: string;
  /** Why a run has no secrets, where GitHub gives it none. */
  readonly withoutSecrets: string | undefined;
  readonly hasAgent: boolean;
}

type Env = Readonly<Record<string, string | undefined>>;

export function runFacts(env: Env = process.env): RunFacts {
  return {
    workspace: env['GITHUB_WORKSPACE'] ?? process.cwd(),
    commit: env['GITHUB_SHA'] ?? 'unknown',
    actor: env['GITHUB_TRIGGERING_ACTOR'] ?? env['GITHUB_ACTOR'] ?? userInfo().username,
    runUrl: runUrlOf(env),
    temp: env['RUNNER_TEMP'] ?? tmpdir(),
    withoutSecrets: withoutSecrets(env),
    hasAgent: (env['SSH_AUTH_SOCK'] ?? '') !== '',
  };
}

function runUrlOf(env: Env): string {
  const {
    GITHUB_SERVER_URL: server,
    GITHUB_REPOSITORY: repository,
    GITHUB_RUN_ID: run,
    GITHUB_RUN_ATTEMPT: attempt,
  } = env;
  if (repository === undefined || run === undefined) return '';
  const again = attempt === undefined || attempt === '1' ? '' : `/attempts/${attempt}`;
  return `${server ?? 'https://github.com'}/${repository}/actions/runs/${run}${again}`;
}

/** Forks and Dependabot get no secrets: a workflow that reads some finds them empty. */
function withoutSecrets(env: Env): string | undefined {
  if (!(env['GITHUB_EVENT_NAME'] ?? '').startsWith('pull_request')) return undefined;
  if (env['GITHUB_EVENT_NAME'] === 'pull_request_target') return undefined;
  if (env['GITHUB_ACTOR'] === 'dependabot[bot]')
    return 'this run was started by Dependabot, and GitHub gives such a run no secrets';
  const from = headRepository(env['GITHUB_EVENT_PATH']);
  if (from === undefined || from === env['GITHUB_REPOSITORY']) return undefined;
  return `this run is for a pull request from a fork (${from}), and GitHub gives such a run no secrets`;
}

function headRepository(eventPath: string | undefined): string | undefined {
  if (eventPath === undefined) return undefined;
  try {
    const event = JSON.parse(readFileSync(eventPath, 'utf8')) as {
      pull_request?: { head?: { repo?: { full_name?: string } } };
    };
    return event.pull_request?.head?.repo?.full_name;
  } catch {
    return undefined;
  }
}
