/** What a return cannot take back, said wherever a run fails after hooks. */

/** For the one who has to look at the data now. @param known whether they had begun for sure */
export function hooksAreNotUndone(titles: readonly string[], known: boolean): string[] {
  if (titles.length === 0) return [];
  const which = `${titles.length === 1 ? 'this hook' : 'these hooks'} ${known ? 'had begun' : 'may have begun'}`;
  return [`${which}: ${titles.join('; ')}. What a hook changed, in a database for example, is not undone: look at it`];
}
