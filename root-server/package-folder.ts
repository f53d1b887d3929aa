/** Where the package lies that this module belongs to, and with it what the server hands out. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The nearest folder above that holds a package.json: this module may run from the sources or from what was built of them. */
export function packageFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const above = dirname(folder);
    if (above === folder) throw new Error('this server lies in no package');
    folder = above;
  }
  return folder;
}
