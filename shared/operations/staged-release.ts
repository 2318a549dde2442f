/** The files of a release are on the host, beside the stack that runs there. */
import type { Log } from '../base/log.js';
import { configCommand, hashCommand } from '../compose/command.js';
import type { Shipment } from '../compose/shipment.js';
import type { ReleaseLayout } from '../host/layout.js';
import { resolveImage } from '../host/image-resolver.js';
import type { Manifest } from '../release/manifest.js';
import { observe } from '../release/observe.js';
import type { Observed } from '../release/observed.js';
import { nextReleaseId } from '../release/release-id.js';
import { foreseeLabels, stage, type Staged } from '../release/staging.js';
import { newestRelease, type Store } from '../release/store.js';
import { askEarly, askOnce, type Resolve } from '../release/wanted-images.js';
import { composeCall, modelCall } from './compose-calls.js';
import type { Gathered } from './gather.js';
import { type Hide } from './host-env.js';
import type { OpenHost } from './open-host.js';
import { tarEntries, type ReleaseFiles } from './release-files.js';
import type { DeployRequest } from './request.js';

/** A release whose files are on the host, beside what runs there. */
export interface StagedRelease {
  readonly id: string;
  readonly layout: ReleaseLayout;
  readonly shipment: Shipment;
  readonly files: ReleaseFiles;
  readonly staged: Staged;
  readonly observed: Observed;
  readonly previous: Manifest | undefined;
  readonly resolve: Resolve;
}

export interface PreparationInput {
  readonly host: OpenHost;
  readonly request: DeployRequest;
  readonly log: Log;
  readonly hide: Hide;
}

/** @throws UserError for what Compose refuses */
export async function stageRelease(
  { host, request }: PreparationInput,
  { shipment, files }: Gathered,
  store: Store,
): Promise<StagedRelease> {
  const previous = store.current;
  const id = nextReleaseId(new Date(), request.commit, newestRelease(store));
  const layout = host.layout.release(id);
  const subject = { project: request.project, composeFiles: files.composeFiles, profiles: request.profiles };
  const staging = {
    layout: host.layout,
    release: layout,
    config: host.compose(configCommand(composeCall(subject, layout.files)), layout.files),
    hash: host.compose(hashCommand(modelCall(subject, host.layout.path))),
    watched: [
      ...new Set([...[...files.files, ...(previous?.files ?? [])].map(({ path }) => path), ...shipment.hostFiles]),
    ],
    kept: files.files.filter(({ stays }) => stays === true).map(({ path }) => path),
  };
  const resolve = askOnce(async (reference) => resolveImage(host.engine, host.facts, reference, request.registries));
  askEarly(resolve, previous);
  const [told, observed] = await Promise.all([
    stage(host.shell, staging, tarEntries(files.files, shipment)),
    observe(host.engine, request.project),
  ]);
  const staged = await foreseeLabels(host.shell, staging, told, observed);
  return { id, layout, shipment, files, staged, observed, previous, resolve };
}
