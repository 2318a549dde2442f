/**
 * Images are built under our own names, from the staged context, by a file that can do nothing else: the name that the
 * running stack uses is left as found until the switch.
 */

/** A Compose file with only the services to build, each under the name it is given. */
export function buildFile(
  stagedModel: string,
  names: ReadonlyMap<string, string>,
  staged: string,
  contexts: string,
): string {
  const model = JSON.parse(stagedModel.replaceAll(staged, contexts)) as {
    services: Record<string, { build?: unknown }>;
  };
  // Contexts are staged in a folder of their own; the files of secrets are where the release's files are.
  const secrets = (JSON.parse(stagedModel) as { secrets?: unknown }).secrets;
  const services = [...names].map(([service, image]): [string, unknown] => [
    service,
    { image, build: model.services[service]?.build },
  ]);
  return JSON.stringify({
    services: Object.fromEntries(services),
    ...(secrets === undefined ? {} : { secrets }),
  });
}
