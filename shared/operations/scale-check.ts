/** A scale of a service that is not there: Compose would only say that this service has no image. */
import { UserError } from '../base/errors.js';
import { nearest } from '../base/nearest.js';
import type { Shipment } from '../compose/shipment.js';
import type { DeployRequest } from './request.js';

/** @throws UserError for every name that is no service of the stack */
export function refuseScaleOfNobody(
  { scale }: Pick<DeployRequest, 'scale'>,
  { services }: Pick<Shipment, 'services'>,
): void {
  const unknown = services === undefined ? [] : Object.keys(scale).filter((name) => !services.includes(name));
  const problems = unknown.map((name) => {
    const near = nearest(name, services ?? []);
    const hint = near === undefined ? `there are: ${(services ?? []).join(', ')}` : `did you mean "${near}"?`;
    return { message: `scale: the stack has no service "${name}"; ${hint}` };
  });
  if (problems.length > 0) throw new UserError(problems);
}
