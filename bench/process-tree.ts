/** What a process and all its descendants use, from /proc (Linux). */
import { readdirSync, readFileSync } from 'node:fs';

interface Process {
  readonly id: number;
  readonly parent: number;
  /** Processor time used so far, by its threads in all, in ticks. */
  readonly ticks: number;
}

/** Ticks a second: USER_HZ, the same on every Linux that Chromium runs on. */
const ticksPerSecond = 100;

function processes(): Process[] {
  const found: Process[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      // The program's name, in parentheses, may contain anything; behind it come state, parent and, 12th and 13th, times.
      const fields = readFileSync(`/proc/${name}/stat`, 'utf8')
        .replace(/^.*\)\s*/s, '')
        .split(' ');
      found.push({ id: Number(name), parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) });
    } catch {
      // It ended meanwhile.
    }
  }
  return found;
}

function treeOf(root: number): Process[] {
  const all = processes();
  const tree = all.filter((process) => process.id === root);
  for (const { id } of tree) for (const process of all) if (process.parent === id) tree.push(process);
  return tree;
}

/** Processor time that a process and its living descendants have used, in seconds. */
export function processorSecondsOf(root: number): number {
  return treeOf(root).reduce((sum, { ticks }) => sum + ticks, 0) / ticksPerSecond;
}

/** Processor seconds by what a process is for: `browser`, `renderer` (a page), `gpu-process` (which draws), `utility` (network). */
export type ProcessorSeconds = Readonly<Record<string, number>>;

/** What a browser and its living descendants have used, by kind of process. */
export function processorSecondsByKind(root: number): ProcessorSeconds {
  const seconds: Record<string, number> = {};
  for (const { id, ticks } of treeOf(root)) {
    const kind = kindOf(id);
    seconds[kind] = (seconds[kind] ?? 0) + ticks / ticksPerSecond;
  }
  return seconds;
}

/** As Chromium's command lines tell. */
function kindOf(id: number): string {
  try {
    return /--type=([a-z-]+)/.exec(readFileSync(`/proc/${id}/cmdline`, 'utf8'))?.[1] ?? 'browser';
  } catch {
    return 'browser';
  }
}

/** Proportional set size: a page shared by n processes counts as 1/n in each, so that the sum counts it once. */
function proportionalKib(id: number): number {
  try {
    const rollup = readFileSync(`/proc/${id}/smaps_rollup`, 'utf8');
    return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0);
  } catch {
    return 0;
  }
}

export interface MemoryUse {
  /** Sum of the proportional set sizes, in MiB. */
  readonly mib: number;
  readonly processes: number;
}

/** What a process and its descendants hold now. */
export function memoryOf(root: number): MemoryUse {
  const tree = treeOf(root);
  return { mib: tree.reduce((sum, { id }) => sum + proportionalKib(id), 0) / 1024, processes: tree.length };
}
