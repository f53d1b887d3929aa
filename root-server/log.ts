/** What the root says about itself while it runs: counts and faults, never content, names, ids or secrets. */
import { pino, type Logger } from 'pino';

export type { Logger };

/** pino's own lines of JSON, plain lines for a person at a terminal, or nothing. */
export type LogStyle = 'json' | 'plain' | 'silent';

interface Line {
  readonly level: number;
  readonly time: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** Fields of a line that are not shown to a person. */
const hidden = new Set(['level', 'time', 'msg', 'pid', 'hostname', 'err']);

function plainLine(json: string): string {
  const line = JSON.parse(json) as Line;
  const clock = new Date(line.time).toTimeString().slice(0, 8);
  const fields = Object.entries(line).filter(([name]) => !hidden.has(name));
  const shown = fields.map(([name, value]) => `${name} ${String(value)}`).join(', ');
  return `  ${clock}  ${line.level >= 40 ? 'warning: ' : ''}${line.msg}${shown === '' ? '' : ` (${shown})`}\n`;
}

export function createLogger(
  style: LogStyle,
  write: (text: string) => void = (text) => process.stdout.write(text),
): Logger {
  if (style === 'silent') return pino({ level: 'silent' });
  const format = style === 'json' ? (json: string) => json : plainLine;
  return pino({ level: 'info' }, { write: (json) => write(format(json)) });
}

/** How often the same warning is written at most, ms: what others can provoke must not fill a disk. */
const warnedEachMs = 10_000;

/** Warnings about what others do: each at most once in 10 s, with how many were left out before it. */
export class Warnings {
  readonly #log: Logger;
  readonly #nowMs: () => number;
  readonly #told = new Map<string, { atMs: number; leftOut: number }>();

  /** `nowMs`: a clock that never goes back. */
  constructor(log: Logger, nowMs: () => number) {
    this.#log = log;
    this.#nowMs = nowMs;
  }

  /** `message`: one of a few fixed texts. `fields`: shown with it, never content, ids or addresses. */
  warn(message: string, fields: Readonly<Record<string, string>> = {}): void {
    const nowMs = this.#nowMs();
    const told = this.#told.get(message);
    if (told !== undefined && nowMs - told.atMs < warnedEachMs) {
      told.leftOut++;
      return;
    }
    const before = told?.leftOut ?? 0;
    this.#told.set(message, { atMs: nowMs, leftOut: 0 });
    this.#log.warn(before > 0 ? { ...fields, before } : fields, message);
  }
}
