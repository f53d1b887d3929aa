/** A root server in a process of its own, for tests that kill it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface RootProcess {
  readonly port: number;
  readonly url: string;
  /** SIGKILL: no goodbye to anybody. */
  kill(): Promise<void>;
}

const top = fileURLToPath(new URL('..', import.meta.url));

export async function startRootProcess(port = 0, args: readonly string[] = []): Promise<RootProcess> {
  const child: ChildProcess = spawn(
    process.execPath,
    ['--import', 'tsx', 'root-server/main.ts', '--host', '127.0.0.1', '--port', `${port}`, '--json', ...args],
    { cwd: top, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  if (child.stdout === null) throw new Error('the root server has no standard output');
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.startsWith('{')) continue;
    const ready = JSON.parse(line) as { port?: number; url?: string };
    if (ready.port === undefined || ready.url === undefined) continue;
    child.stdout.resume();
    return {
      port: ready.port,
      url: ready.url,
      kill: async () => {
        const ended = once(child, 'exit');
        child.kill('SIGKILL');
        await ended;
      },
    };
  }
  throw new Error('the root server ended before it was ready');
}
