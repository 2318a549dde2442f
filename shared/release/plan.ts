/** What a deploy will do, service by service, from our own data: never from `compose up --dry-run`. */

export type ServiceAction = 'keep' | 'recreate' | 'restart' | 'create' | 'start' | 'remove';

export interface ServicePlan {
  readonly service: string;
  readonly action: ServiceAction;
  /** Why, one short phrase each: `image`, `config`, `mounted files: nginx/nginx.conf`, `env: LOG_LEVEL`, `not running`. */
  readonly reasons: readonly string[];
  readonly image?: { readonly from?: string; readonly to: string };
}

export interface Plan {
  readonly release: string;
  readonly previousRelease: string | undefined;
  readonly services: readonly ServicePlan[];
  /** Paths relative to the project's folder. */
  readonly files: { readonly added: readonly string[]; readonly changed: readonly string[]; readonly removed: readonly string[] };
  /** Names of keys only. */
  readonly env: { readonly added: readonly string[]; readonly changed: readonly string[]; readonly removed: readonly string[] };
  readonly networks: { readonly added: readonly string[]; readonly removed: readonly string[] };
  readonly volumes: { readonly added: readonly string[]; readonly removed: readonly string[] };
  readonly hooks: readonly string[];
  readonly warnings: readonly string[];
}
