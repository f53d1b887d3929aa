#!/usr/bin/env node
// The `banyan` command. A checkout runs its TypeScript sources through tsx, so that no build can go stale; a package has no sources
// and runs what was built of them.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** @type {Record<string, string>} Command to the module that serves it. */
const modules = { serve: 'root-server/main', join: 'client/cli' };

const help = `banyan: a peer-to-peer room whose messages hop from browser to browser

Usage:
  banyan serve [options]        start a root server and the page (--port, --host, --https ...)
  banyan join LINK [options]    join a room from the terminal (--name, --json, --relay)
  banyan --help | --version

\`banyan serve --help\` and \`banyan join --help\` list the options of each.
`;

const [command, ...rest] = process.argv.slice(2);

if (command === undefined || command === '--help' || command === '-h' || command === 'help') {
  (command === undefined ? process.stderr : process.stdout).write(help);
  process.exitCode = command === undefined ? 2 : 0;
} else if (command === '--version' || command === '-v') {
  /** @type {{ version: string }} */
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  process.stdout.write(`${version}\n`);
} else if (!Object.hasOwn(modules, command)) {
  process.stderr.write(`banyan: unknown command '${command}'; commands are: ${Object.keys(modules).join(', ')}\n`);
  process.exitCode = 2;
} else {
  const source = new URL(`../${modules[command]}.ts`, import.meta.url);
  const built = new URL(`../dist/lib/${modules[command]}.js`, import.meta.url);
  const url = existsSync(source) ? source : built;
  if (existsSync(url)) {
    process.argv = [process.execPath, fileURLToPath(url), ...rest];
    if (url === source) {
      // The settings of whatever project the command is called in are not ours.
      process.env['TSX_TSCONFIG_PATH'] = fileURLToPath(new URL('../tsconfig.base.json', import.meta.url));
      const { register } = await import('tsx/esm/api');
      register();
    }
    await import(url.href);
  } else {
    process.stderr.write(`banyan: '${command}' is not part of this installation (${fileURLToPath(url)} is missing)\n`);
    process.exitCode = 1;
  }
}
