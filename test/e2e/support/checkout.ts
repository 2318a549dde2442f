// A user's repository, as the runner has it: a folder with a compose file and what it needs.
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export class Checkout implements AsyncDisposable {
  private constructor(readonly folder: string) {}

  static async make(files: Readonly<Record<string, string>> = {}): Promise<Checkout> {
    const checkout = new Checkout(await mkdtemp(join(tmpdir(), 'homeport-checkout-')));
    await checkout.write(files);
    return checkout;
  }

  async write(files: Readonly<Record<string, string>>, mode = 0o644): Promise<void> {
    for (const [path, content] of Object.entries(files)) {
      const file = join(this.folder, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, content);
      await chmod(file, mode);
    }
  }

  async remove(path: string): Promise<void> {
    await rm(join(this.folder, path), { recursive: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
