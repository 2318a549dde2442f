// Two values that should be the same, told apart: each place at which they differ, on one line.

export function differences(before: unknown, after: unknown, at = ''): string[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  if (!isMap(before) || !isMap(after)) {
    const found = Array.isArray(before) && Array.isArray(after) ? withoutCommon(before, after) : [before, after];
    return [`${at}: ${JSON.stringify(found[0])} -> ${JSON.stringify(found[1])}`];
  }
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .sort()
    .flatMap((key) => differences(before[key], after[key], at === '' ? key : `${at} / ${key}`));
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function withoutCommon(before: readonly unknown[], after: readonly unknown[]): [unknown, unknown] {
  const has = (list: readonly unknown[], one: unknown): boolean =>
    list.some((other) => JSON.stringify(other) === JSON.stringify(one));
  return [before.filter((one) => !has(after, one)), after.filter((one) => !has(before, one))];
}
