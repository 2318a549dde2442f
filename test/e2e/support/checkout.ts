// A user's repository, as the runner has it: a folder with a compose file and what it needs.
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { repositoryRoot } from '../../hosts/rig.js';

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

/** The files of one of the stacks in `test/stacks`, path -> content. */
export async function filesOfStack(name: string): Promise<Record<string, string>> {
  const folder = join(repositoryRoot(), 'test/stacks', name);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(
    await Promise.all(
      files.map(async (file): Promise<[string, string]> => [relative(folder, file), await readFile(file, 'utf8')]),
    ),
  );
}
