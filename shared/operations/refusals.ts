/** What the plan refuses is said all at once, whichever look finds it. */
import { UserError, type Problem } from '../base/errors.js';
import type { Places } from '../compose/places.js';
import type { ComposeModel } from '../compose/model.js';
import type { Engine } from '../host/engine.js';
import { healthlessWaits, healthOfImages } from '../release/unworkable.js';

/** @throws UserError with these problems and those that the work has, when there is any */
export async function withProblems<T>(problems: readonly Problem[], work: () => Promise<T>): Promise<T> {
  const done = await work().catch((error: unknown) => {
    throw error instanceof UserError ? new UserError([...problems, ...error.problems]) : error;
  });
  if (problems.length > 0) throw new UserError(problems);
  return done;
}

/** @param images those that are on the host, by service: of the others it is not known what they have */
export async function healthProblems(
  engine: Pick<Engine, 'inspectImage'>,
  model: ComposeModel,
  places: Places,
  images: ReadonlyMap<string, { readonly id?: string | undefined }>,
): Promise<Problem[]> {
  const checked = await Promise.all(
    healthOfImages(model).map(async (service): Promise<[string, boolean][]> => {
      const id = images.get(service)?.id;
      const image = id === undefined ? undefined : await engine.inspectImage(id);
      return image === undefined ? [] : [[service, image.hasHealthcheck]];
    }),
  );
  return healthlessWaits(model, places, new Map(checked.flat()));
}
