// npm start: installs what is missing, builds the page if need be, starts the root server. Arguments are the server's.
import { ensurePage } from './built.mjs';
import { ensureDependencies } from './dependencies.mjs';
import { run } from './process.mjs';

try {
  await ensureDependencies();
  if ((await ensurePage()) === 'no sources') {
    process.stderr.write('web/index.html is missing: the root server starts without a page.\n');
  }
  process.exitCode = await run(process.execPath, ['--import', 'tsx', 'root-server/main.ts', ...process.argv.slice(2)]);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
