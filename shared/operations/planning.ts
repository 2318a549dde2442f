/** From what is staged, wanted and observed to the plan; made twice, since a fetched image may be the one that already runs. */
import { UserError } from '../base/errors.js';
import { nearest } from '../base/nearest.js';
import { isExternal, isOneShot, type ComposeModel, type ResourceModel, type ServiceModel } from '../compose/model.js';
import { boundTo } from '../compose/order.js';
import { changedSources, fileSources } from '../release/file-sources.js';
import { hookTitle } from '../release/hook-steps.js';
import type { Manifest } from '../release/manifest.js';
import { changedUnder, networkWarnings, offTheNetworks } from '../release/networks.js';
import { isAtRest, type Observed, type ObservedContainer } from '../release/observed.js';
import { planService, type WantedService } from '../release/plan-service.js';
import { compareNames, type Plan, type PlanNames, type ServicePlan } from '../release/plan.js';
import { ranIn } from '../release/ran.js';
import { saltedHash } from '../release/salted-hash.js';
import type { Staged } from '../release/staging.js';
import type { WantedImage } from '../release/wanted-images.js';
import { changesSeenBy, initialisationWarnings } from './file-changes.js';
import type { FilePlan } from './file-plan.js';
import type { DeployRequest } from './request.js';

export interface PlanInput {
  readonly request: DeployRequest;
  readonly id: string;
  readonly path: string;
  readonly projectDirectory: string;
  readonly staged: Staged;
  readonly images: ReadonlyMap<string, WantedImage>;
  readonly observed: Observed;
  readonly previous: Manifest | undefined;
  readonly files: FilePlan;
  readonly env: Readonly<Record<string, string>>;
  readonly warnings: readonly string[];
}

/** @throws UserError for what a deploy must not do, with all the reasons at once; nothing was changed then. */
export function makePlan(input: PlanInput): Plan {
  const { staged, previous, observed, files } = input;
  refuseWhatCannotBe(input);
  const wanted = Object.entries(staged.model.services).map(([service]) => wantedService(service, input));
  const networks = networkNames(input);
  const services = followingContainers(
    wanted.map((one) => {
      const running = observed.get(one.service) ?? [];
      return offTheNetworks(keptBefore(planService(one, running), running, previous), running, networks.changed);
    }),
    staged.model,
  );
  const volumes = compareNames(new Map(Object.entries(previous?.volumes ?? {})), definitions(staged.model.volumes));
  return {
    release: input.id,
    previousRelease: previous?.id,
    services: [...services, ...removedServices(input)],
    files: { added: files.added, changed: files.changed, removed: files.removed },
    env: envNames(input),
    ...(files.drift.length === 0 ? {} : { drift: files.drift }),
    networks,
    volumes,
    hooks: [...input.request.hooks.beforeSwitch, ...input.request.hooks.afterSwitch].map(hookTitle),
    warnings: [
      ...input.warnings,
      ...networkWarnings(networks.changed, (network) => attachedTo(network, observed)),
      ...initialisationWarnings({ model: staged.model, path: input.path, files }, observed),
    ],
  };
}

/** A service that comes again finds the container that was kept for its data: a new one of what is wanted now inherits that. */
function keptBefore(
  plan: ServicePlan,
  found: readonly ObservedContainer[],
  previous: Manifest | undefined,
): ServicePlan {
  const known = previous === undefined || previous.services[plan.service] !== undefined;
  if (known || plan.action === 'recreate' || found.length === 0 || !found.every(isAtRest)) return plan;
  return { ...plan, action: 'recreate', reasons: [...plan.reasons, 'its container was kept for its data'] };
}

function attachedTo(network: string, observed: Observed): string[] {
  return [...observed]
    .flatMap(([service, found]) => (changedUnder(found, [network]).length > 0 ? [service] : []))
    .sort();
}

function wantedService(service: string, input: PlanInput): WantedService {
  const { staged, request, files, path } = input;
  const model = staged.model.services[service];
  const image = input.images.get(service);
  if (model === undefined || image === undefined) throw new Error(`service ${service} has no model or no image`);
  return {
    service,
    model,
    replicas: model.replicas,
    oneShot: isOneShot(staged.model, model),
    ranIn: ranIn(input.previous, staged.model, model),
    configHash: staged.configHashes.get(service),
    imageReference: image.source === 'registry' ? image.resolved.pinned : image.reference,
    imageId: image.id,
    ...changesSeenBy(model, { model: staged.model, path, files }, request.onFileChange[service]),
    changedSources: changedSourcesOf(model, input),
    force: request.forceRecreate,
  };
}

function changedSourcesOf(service: ServiceModel, { previous, staged, env }: PlanInput): string[] {
  if (previous?.fileSources === undefined) return [];
  return changedSources(service, previous.fileSources, fileSources(previous.id, staged.model, env));
}

/** Who lives in another service's container gets a new one with it, and so do those that live in that one's. */
function followingContainers(services: readonly ServicePlan[], model: ComposeModel): ServicePlan[] {
  const replaced = new Set(services.filter(({ action }) => replaces(action)).map(({ service }) => service));
  for (let before = -1; before < replaced.size;) {
    before = replaced.size;
    for (const { service } of services.filter(({ action }) => action !== 'create')) {
      if (sharedWith(service, model).some((name) => replaced.has(name))) replaced.add(service);
    }
  }
  return services.map((plan): ServicePlan => {
    const from = sharedWith(plan.service, model).filter((name) => replaced.has(name));
    if (from.length === 0 || plan.action === 'create') return plan;
    return { ...plan, action: 'recreate', reasons: [...plan.reasons, `shares containers of ${from.join(', ')}`] };
  });
}

/**
 * What Compose will label a service with; `undefined` when that depends on a container that is not there yet.
 * @param plan what will happen to the services of the staged model
 */
export function foreseenHash(
  service: string,
  { staged, plan }: { staged: Pick<Staged, 'model' | 'configHashes'>; plan: Pick<Plan, 'services'> },
): string | undefined {
  // Which of several replicas is the first one may change with their number.
  const renewed = plan.services
    .filter(({ action }) => replaces(action) || action === 'scale')
    .map((one) => one.service);
  const bound = sharedWith(service, staged.model).some((name) => renewed.includes(name));
  return bound ? undefined : staged.configHashes.get(service);
}

function replaces(action: ServicePlan['action']): boolean {
  return action === 'create' || action === 'recreate';
}

function sharedWith(service: string, model: ComposeModel): string[] {
  const found = model.services[service];
  return found === undefined ? [] : boundTo(found, model);
}

/** Services of the release that serves, or of older ones of this project, that the new one does not have. */
function removedServices({ staged, observed, previous }: PlanInput): ServicePlan[] {
  return [...observed.keys()]
    .filter((service) => staged.model.services[service] === undefined && previous?.services[service] !== undefined)
    .map((service) => ({ service, action: 'remove', reasons: ['not in the stack any more'] }));
}

function refuseWhatCannotBe({ staged, observed, previous, projectDirectory, request }: PlanInput): void {
  const problems: string[] = [];
  const elsewhere = [...observed.values()]
    .flat()
    .find(({ workingDirectory }) => workingDirectory !== '' && workingDirectory !== projectDirectory);
  if (elsewhere !== undefined) {
    problems.push(
      `a project named ${request.project} runs from another folder, ${elsewhere.workingDirectory} (container ${elsewhere.name}): ` +
        `give this stack another \`project\`, or set \`path\` to that folder`,
    );
  } else if (previous === undefined && observed.size > 0) {
    problems.push(
      `${request.project} already runs here (${[...observed.keys()].sort().join(', ')}) and was not started by Homeport, ` +
        'and its containers do not tell from which folder: nothing was changed',
    );
  }
  if (previous !== undefined) {
    problems.push(
      ...changedOwner(previous.networks, staged.model.networks),
      ...changedVolumes(previous.volumes, staged.model.volumes),
    );
  }
  problems.push(...hooksOfNobody(request, Object.keys(staged.model.services)));
  if (problems.length > 0) throw new UserError(problems.map((message) => ({ message })));
}

/** A hook of a service that is not there would be found too late, or never. */
function hooksOfNobody({ hooks }: DeployRequest, services: readonly string[]): string[] {
  const named = [
    ...hooks.beforeSwitch.map((hook) => ['before-switch', hook.service] as const),
    ...hooks.afterSwitch.map((hook) => ['after-switch', hook.service] as const),
  ];
  return named.flatMap(([when, service]) => {
    if (service === undefined || services.includes(service)) return [];
    const near = nearest(service, services);
    return [
      `hooks.${when}: the stack has no service "${service}"${near === undefined ? '' : `: did you mean "${near}"?`}`,
    ];
  });
}

/** A volume's identity is its data. */
function changedVolumes(
  before: Readonly<Record<string, string>>,
  now: Readonly<Record<string, ResourceModel>>,
): string[] {
  return compareNames(new Map(Object.entries(before)), definitions(now)).changed.map(
    (name) =>
      `the definition of volume ${name} changed: its data would be left behind. Give the new one another name, and move the data yourself`,
  );
}

/** A network of the stack's own can be made anew; one that others made is theirs, whatever is said of it. */
function networkNames({ previous, staged }: Pick<PlanInput, 'previous' | 'staged'>): PlanNames {
  const { networks } = staged.model;
  const names = compareNames(new Map(Object.entries(previous?.networks ?? {})), definitions(networks));
  const theirs = new Set(Object.values(networks).flatMap(({ name, external }) => (external ? [name] : [])));
  return { ...names, changed: names.changed.filter((name) => !theirs.has(name)) };
}

function changedOwner(
  before: Readonly<Record<string, string>>,
  now: Readonly<Record<string, ResourceModel>>,
): string[] {
  return Object.values(now)
    .filter(({ name, external }) => before[name] !== undefined && external !== isExternalText(before[name]))
    .map(
      ({ name, external }) =>
        `network ${name} ${external ? 'is external now, and was not' : 'was external, and is not any more'}: ` +
        'whose it is cannot change while containers are on it. Give the new one another name',
    );
}

function isExternalText(definition: string | undefined): boolean {
  return definition !== undefined && isExternal(JSON.parse(definition) as Readonly<Record<string, unknown>>);
}

/** Name on the host -> canonical definition. */
export function definitions(resources: Readonly<Record<string, ResourceModel>>): Map<string, string> {
  return new Map(Object.values(resources).map(({ name, definition }) => [name, definition]));
}

function envNames({ previous, env }: PlanInput): PlanNames {
  const before = new Map(Object.entries(previous?.env ?? {}));
  const after = new Map(Object.entries(env).map(([key, value]) => [key, saltedHash(previous?.id ?? '', key, value)]));
  return compareNames(before, after);
}
