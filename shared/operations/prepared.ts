/** A release that is ready to be switched to: everything known, fetched and planned. */
import type { Shipment } from '../compose/shipment.js';
import type { ReleaseLayout } from '../host/layout.js';
import type { Manifest, ReleaseImage } from '../release/manifest.js';
import type { Observed } from '../release/observed.js';
import type { Plan } from '../release/plan.js';
import type { Staged } from '../release/staging.js';
import type { FilePlan } from './file-plan.js';
import type { ReleaseFiles } from './release-files.js';

export interface PreparedRelease {
  readonly id: string;
  readonly layout: ReleaseLayout;
  readonly shipment: Shipment;
  readonly files: ReleaseFiles;
  readonly filePlan: FilePlan;
  readonly staged: Staged;
  readonly plan: Plan;
  readonly images: ReadonlyMap<string, ReleaseImage>;
  readonly observedBefore: Observed;
  readonly previous: Manifest | undefined;
  /** What the names that the switch will move mean before it. */
  readonly namesBefore: ReadonlyMap<string, string | undefined>;
  readonly networksBefore: readonly string[];
  readonly volumesBefore: readonly string[];
}
