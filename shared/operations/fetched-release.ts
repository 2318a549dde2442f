/** A planned release once its images are on the host: what looked new may be what runs already. */
import { UserError } from '../base/errors.js';
import type { ReleaseImage } from '../release/manifest.js';
import { changedServices } from '../release/plan.js';
import { type WantedImage } from '../release/wanted-images.js';
import type { PreparedRelease } from './prepared.js';
import { healthProblems } from './refusals.js';
import { planOf, type PlannedRelease } from './planned-release.js';
import type { PreparationInput } from './staged-release.js';

/** The same with the images' ids on this host: what looked new may be what runs already. */
export async function withFetchedImages(
  planned: PlannedRelease,
  images: ReadonlyMap<string, ReleaseImage>,
  { host, request }: Pick<PreparationInput, 'host' | 'request'>,
): Promise<PreparedRelease> {
  const { staged, shipment } = planned;
  // What was not on the host before is known only now.
  const healthless = await healthProblems(host.engine, staged.model, shipment.places, images);
  if (healthless.length > 0) throw new UserError(healthless);
  const fetched = new Map(
    [...planned.images].map(([service, image]) => [service, { ...image, id: images.get(service)?.id } as WantedImage]),
  );
  const plan = planOf({ ...planned, host, request, images: fetched });
  const references = new Set(changedServices(plan).flatMap((service) => images.get(service)?.reference ?? []));
  const names = [...references].filter((reference) => !reference.includes('@'));
  const [meanings, networks, volumes] = await Promise.all([
    Promise.all(
      names.map(async (name): Promise<[string, string | undefined]> => [
        name,
        (await host.engine.inspectImage(name))?.id,
      ]),
    ),
    host.engine.networks(request.project),
    host.engine.volumes(request.project),
  ]);
  return {
    id: planned.id,
    layout: planned.layout,
    shipment: planned.shipment,
    files: planned.files,
    filePlan: planned.filePlan,
    staged: planned.staged,
    plan,
    images,
    observedBefore: planned.observed,
    previous: planned.previous,
    namesBefore: new Map(meanings),
    networksBefore: networks,
    volumesBefore: volumes,
  };
}
