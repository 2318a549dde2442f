/** A registry's credentials: they travel inside the engine's own protocol, never in an argv or a file of the user. */
export interface RegistryLogin {
  /** `ghcr.io`, `registry.example:5000`, `docker.io`. */
  readonly registry: string;
  readonly username: string;
  readonly password: string;
  /** Tried when there is nothing better, and silently left when it is refused (the job's own token for ghcr.io). */
  readonly optional?: boolean;
}
