/** A checkout for a test: real files in a folder that goes when the test ends. */
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export type Content = string | { readonly text?: string; readonly mode?: number; readonly linkTo?: string };

export class TestCheckout implements Disposable {
  readonly root: string;

  /** Path -> content; one that ends with a slash is an empty folder. */
  constructor(files: Readonly<Record<string, Content>>) {
    this.root = realpathSync(mkdtempSync(join(tmpdir(), 'homeport-checkout-')));
    for (const [path, content] of Object.entries(files)) this.add(path, content);
  }

  add(path: string, content: Content): void {
    const file = join(this.root, path);
    mkdirSync(path.endsWith('/') ? file : dirname(file), { recursive: true });
    if (path.endsWith('/')) return;
    const { text = '', mode = 0o644, linkTo } = typeof content === 'string' ? { text: content } : content;
    if (linkTo !== undefined) {
      symlinkSync(linkTo, file);
      return;
    }
    writeFileSync(file, text);
    chmodSync(file, mode);
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
