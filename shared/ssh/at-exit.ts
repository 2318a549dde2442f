/** What must be done when this process exits without having closed its connections. Synchronous work only. */

const actions = new Set<() => void>();

process.once('exit', () => {
  for (const act of actions) act();
});

/** @returns takes the action back. */
export function atExit(act: () => void): () => void {
  actions.add(act);
  return () => {
    actions.delete(act);
  };
}
