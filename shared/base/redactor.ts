/** Keeps secrets out of every sink of ours (log, summary, outputs, report): the runner masks its log only. */
export class Redactor {
  readonly #secrets = new Set<string>();

  /** Each line of a multi-line secret counts, as the runner does it; short pieces would only damage the text around them. */
  add(secret: string): void {
    for (const part of [secret, ...secret.split(/\r?\n/)]) {
      if (part.trim().length >= 6) this.#secrets.add(part);
    }
  }

  redact(text: string): string {
    let clean = text;
    for (const secret of [...this.#secrets].sort((a, b) => b.length - a.length))
      clean = clean.replaceAll(secret, '***');
    return clean;
  }
}
