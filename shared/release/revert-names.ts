/** What the image names mean on the way back, and once it is at its end; and whose containers keep their names. */
import { ownName } from './heal-names.js';
import { servingImage } from './observed.js';
import type { Due, RevertInput } from './revert.js';
import type { NamedService } from './serving-names.js';
import type { NumberedStep, Retag, Step } from './steps.js';
import type { SwitchService } from './switch.js';

/** As the old release has it: the image that really serves goes before the one that was recorded. */
export function namedBefore(name: string, { previous, services }: RevertInput): NamedService | undefined {
  const recorded = previous?.services[name];
  if (recorded === undefined) return undefined;
  const id = servingImage(services.get(name)?.containers ?? []) ?? recorded.image.id;
  return { dependsOn: recorded.dependsOn, image: { reference: recorded.image.reference, id } };
}

/** Names that the switch moved, unless the services that come back leave them at what they are to mean. */
export function forgottenNames(input: RevertInput, switched: readonly NumberedStep[], back: readonly Due[]): Due[] {
  const ups = back.flatMap(({ step, onlyIfBegun = 0 }) =>
    step.kind === 'up' ? step.retags.map((retag) => ({ ...retag, onlyIfBegun })) : [],
  );
  const pointedBack = ({ reference, id }: Retag, begun: number): boolean => {
    const same = ups.filter((retag) => retag.reference === reference);
    // Due for sure when this name was moved: its own cause came no later.
    return same.every((retag) => retag.id === id) && same.some((retag) => retag.onlyIfBegun <= begun);
  };
  return switched.flatMap(({ number, step }) => {
    if (step.kind !== 'up' && step.kind !== 'retag') return [];
    const retags = step.retags
      .flatMap(({ reference }) => meaningBefore(reference, input))
      .filter((retag) => !pointedBack(retag, number));
    return retags.length === 0 ? [] : [{ step: { kind: 'retag', retags }, onlyIfBegun: number } as const];
  });
}

/** A name that a service of the old release serves under means that service's image, whatever it meant just before. */
function meaningBefore(reference: string, input: RevertInput): Retag[] {
  const before = input.namesBefore.get(reference);
  const serving = Object.keys(input.previous?.services ?? {}).flatMap((name) => {
    const image = namedBefore(name, input)?.image;
    return image?.reference === reference ? [image.id] : [];
  });
  const [first] = serving;
  if (first !== undefined) return [{ reference, id: serving.find((id) => id === before) ?? first }];
  // A name that nobody looked up stays: to take it away would be a guess.
  return input.namesBefore.has(reference) ? [{ reference, id: before }] : [];
}

/** With more of them than the old release had, Compose might keep the new one and take away the one that others know. */
export function replicasGone({ service, containers, replicas = 0 }: SwitchService): Step[] {
  if (containers.length === 0 || replicas <= containers.length) return [];
  return [{ kind: 'remove-replicas', service, names: containers.map(({ name }) => ownName(name)) }];
}
