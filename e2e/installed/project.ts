/** Somebody else's project, with the package in it as `npm install` of its tarball leaves it. */
import { execFile, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rename, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const top = fileURLToPath(new URL('../..', import.meta.url));
const execute = promisify(execFile);

/** A program of the project while it runs. What it prints on standard output are lines of JSON. */
export class Program {
  readonly process: ChildProcessWithoutNullStreams;
  /** What it printed on standard error, for when it goes wrong. */
  complaints = '';
  #out = '';

  constructor(folder: string, args: readonly string[]) {
    this.process = spawn(process.execPath, args, { cwd: folder, env: { ...process.env, BANYAN_ICE_SERVERS: '[]' } });
    this.process.stdout.on('data', (data: Buffer) => (this.#out += data.toString()));
    this.process.stderr.on('data', (data: Buffer) => (this.complaints += data.toString()));
  }

  lines(): Record<string, unknown>[] {
    return this.#out
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  say(line: string): void {
    this.process.stdin.write(`${line}\n`);
  }

  async end(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const ended = new Promise((resolve) => this.process.once('close', resolve));
    this.process.kill('SIGKILL');
    await ended;
  }
}

export class Project {
  readonly folder: string;
  /** What the tarball holds, as paths. */
  readonly packed: readonly string[];
  readonly #programs: Program[] = [];

  private constructor(folder: string, packed: readonly string[]) {
    this.folder = folder;
    this.packed = packed;
  }

  /** Packs what is built and puts it into a folder that holds nothing else but the programs of e2e/installed/project. */
  static async make(): Promise<Project> {
    const folder = await mkdtemp(join(tmpdir(), 'banyan-project-'));
    await cp(join(top, 'e2e', 'installed', 'project'), folder, { recursive: true });
    // Its own script would build again what was just built.
    const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
    const { stdout } = await execute('npm', pack, { cwd: top, shell: process.platform === 'win32' });
    const [tarball] = JSON.parse(stdout) as { filename: string; files: { path: string }[] }[];
    if (tarball === undefined) throw new Error('npm packed nothing');
    await execute('tar', ['-xzf', tarball.filename], { cwd: folder });
    const modules = join(folder, 'node_modules');
    await mkdir(modules);
    await rename(join(folder, 'package'), join(modules, 'banyan'));
    // What the package says it needs, and nothing else of what lies here.
    const { dependencies } = JSON.parse(await readFile(join(modules, 'banyan', 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    for (const name of Object.keys(dependencies)) {
      await mkdir(dirname(join(modules, name)), { recursive: true });
      await symlink(join(top, 'node_modules', name), join(modules, name), 'junction');
    }
    return new Project(
      folder,
      tarball.files.map(({ path }) => path),
    );
  }

  /** Runs a program of the project with Node. */
  run(...args: readonly string[]): Program {
    const program = new Program(this.folder, args);
    this.#programs.push(program);
    return program;
  }

  /** The command that the package brings along. */
  banyan(...args: readonly string[]): Program {
    return this.run(join('node_modules', 'banyan', 'bin', 'banyan.mjs'), ...args);
  }

  /** Type-checks the project as its own settings say; gives what the compiler complains of. */
  async typeErrors(settings: string): Promise<string[]> {
    const compiler = join(top, 'node_modules', 'typescript', 'bin', 'tsc');
    const { stdout } = await execute(process.execPath, [compiler, '-p', settings, '--pretty', 'false'], {
      cwd: this.folder,
    }).catch((error: unknown) => error as { stdout: string });
    return stdout.split('\n').filter((line) => line !== '');
  }

  async remove(): Promise<void> {
    for (const program of this.#programs) await program.end();
    await rm(this.folder, { recursive: true, force: true });
  }
}
