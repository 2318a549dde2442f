/** What the Docker Engine refused, in its own words. */
import { HostFailure } from '../base/errors.js';

export class EngineFailure extends HostFailure {
  /** HTTP status of the engine's answer; 0 when there was none (the connection, or an error inside a stream). */
  readonly status: number;

  constructor(host: string, status: number, message: string, options?: ErrorOptions) {
    super(host, message, [], options);
    this.name = 'EngineFailure';
    this.status = status;
  }
}
