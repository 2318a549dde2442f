/** How to reach a host, as values: there is no global host anywhere. */

export type HostAddress =
  | { readonly kind: 'local' }
  | {
      readonly kind: 'ssh';
      readonly user: string | undefined;
      readonly hostname: string;
      readonly port: number | undefined;
    };

export interface ConnectionSettings {
  /** As pasted; undefined: the agent of SSH_AUTH_SOCK, or none. */
  readonly privateKey: string | undefined;
  readonly passphrase: string | undefined;
  readonly certificate: string | undefined;
  /** known_hosts lines, bare public keys, `SHA256:…`, `@cert-authority` lines, or the word `insecure-accept-any`. */
  readonly knownHosts: string | undefined;
  /** `user@bastion[:port]`, several separated by commas. */
  readonly jump: string | undefined;
  /** Extra OpenSSH options, one `Keyword value` a line. */
  readonly extraOptions: string | undefined;
  /** Milliseconds, retries included. */
  readonly connectTimeout: number;
}
