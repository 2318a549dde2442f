/** homeport.yml as it is written, once the schema has found nothing wrong with it. */

export type Names = string | readonly string[];

export interface HookDocument {
  readonly run?: string;
  readonly exec?: string;
  readonly host?: Names;
  readonly command?: Names;
  readonly timeout?: string | number;
  readonly 'on-return'?: 'rerun';
}

/** What the file may say for the whole project, and an environment for itself. */
export interface StackDocument {
  readonly project?: string;
  readonly path?: string;
  readonly host?: Names;
  readonly 'known-hosts'?: string;
  readonly 'ssh-jump'?: string;
  readonly 'ssh-config'?: string;
  readonly url?: string;
  readonly compose?: { readonly files?: Names; readonly profiles?: Names };
  readonly scale?: Readonly<Record<string, number>>;
  readonly ship?: Names;
  readonly 'env-file'?: string;
  readonly 'env-source'?: 'checkout' | 'host' | 'merge';
  readonly 'env-check'?: object;
  readonly adopt?: 'exact' | 'inexact';
  readonly 'adopt-from'?: object;
  readonly drift?: 'stop' | 'keep' | 'overwrite';
  readonly pull?: Readonly<Record<string, 'auto' | 'always'>>;
  readonly rollout?: Readonly<
    Record<string, { readonly strategy?: 'auto' | 'rolling' | 'recreate'; readonly [more: string]: unknown }>
  >;
  readonly hooks?: {
    readonly 'before-switch'?: readonly HookDocument[];
    readonly 'after-switch'?: readonly HookDocument[];
    readonly 'before-rollback'?: readonly HookDocument[];
    readonly 'after-rollback'?: readonly HookDocument[];
  };
  readonly tasks?: Readonly<Record<string, object>>;
  readonly rotate?: readonly object[];
  readonly 'on-file-change'?: Readonly<
    Record<string, 'recreate' | 'restart' | 'ignore' | { readonly test?: Names; readonly signal?: string }>
  >;
  readonly health?: { readonly timeout?: string | number; readonly stable?: string | number };
  readonly smoke?: readonly object[] | { readonly checks?: readonly object[]; readonly watch?: string };
  readonly backup?: object;
  readonly 'keep-releases'?: number;
  readonly 'archive-images'?: boolean;
  readonly policy?: object;
  readonly notify?: readonly object[];
}

export interface ConfigDocument extends StackDocument {
  readonly homeport: 1;
  readonly environments?: Readonly<Record<string, StackDocument>>;
}
