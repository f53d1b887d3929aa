/**
 * Runs a page's journal through a fresh core: what the core was given, when, and what it then did. The journal is what
 * `Peer.journal` holds, written as JSON with byte arrays as `{ "$hex": "..." }`.
 */
import type { CoreInput, CoreOutput, PeerOptions } from '../core/io.ts';
import { PeerCore } from '../core/peer-core.ts';
import type { Rng } from '../ports.ts';
import type { NodeId } from '../types.ts';
import { fromHex, toHex } from '../wire/bytes.ts';
import { SimRng } from './rng.ts';

export interface JournalEntry {
  readonly nowMs: number;
  readonly input: CoreInput;
}

/** Everything a replay needs. Without `random`, waits and session differ from the page's, and nothing else. */
export interface Journal {
  readonly publicKey: Uint8Array;
  readonly id: NodeId;
  readonly options: PeerOptions;
  /** The numbers that the core drew, in order. */
  readonly random?: readonly number[];
  readonly inputs: readonly JournalEntry[];
}

/** An input and what it caused. */
export interface ReplayStep {
  readonly nowMs: number;
  readonly input: CoreInput;
  readonly outputs: readonly CoreOutput[];
}

class JournalRng implements Rng {
  readonly #numbers: readonly number[];
  readonly #beyond = new SimRng(1);
  #at = 0;

  constructor(numbers: readonly number[]) {
    this.#numbers = numbers;
  }

  uint32(): number {
    return this.#numbers[this.#at++] ?? this.#beyond.uint32();
  }
}

/** Plays a journal. A core that throws is a finding: it ends the replay with the error as the last step's cause. */
export function* replay(journal: Journal): Generator<ReplayStep, PeerCore> {
  const origin = { publicKey: journal.publicKey, id: journal.id };
  const core = new PeerCore(origin, new JournalRng(journal.random ?? []), journal.options);
  for (const { nowMs, input } of journal.inputs) {
    core.handle(input, nowMs);
    const outputs: CoreOutput[] = [];
    for (let output = core.poll(); output !== undefined; output = core.poll()) outputs.push(output);
    yield { nowMs, input, outputs };
  }
  return core;
}

/** A journal as text, and back. Sets become lists, byte arrays hex. */
export function encodeJournal(journal: Journal): string {
  return JSON.stringify(journal, (_key, value: unknown) => {
    if (value instanceof Uint8Array) return { $hex: toHex(value) };
    if (value instanceof Set) return { $set: [...value] };
    return value;
  });
}

/** `undefined` when the text is no journal. */
export function decodeJournal(text: string): Journal | undefined {
  let journal: unknown;
  try {
    journal = JSON.parse(text, (_key, value: unknown) => {
      if (typeof value !== 'object' || value === null) return value;
      if ('$hex' in value && typeof value.$hex === 'string') return fromHex(value.$hex);
      if ('$set' in value && Array.isArray(value.$set)) return new Set(value.$set);
      return value;
    });
  } catch {
    return undefined;
  }
  const isJournal =
    typeof journal === 'object' &&
    journal !== null &&
    'publicKey' in journal &&
    journal.publicKey instanceof Uint8Array &&
    'options' in journal &&
    'inputs' in journal &&
    Array.isArray(journal.inputs);
  return isJournal ? (journal as Journal) : undefined;
}

/** One step in lines for people. */
export function stepText({ nowMs, input, outputs }: ReplayStep): string {
  const text = (value: CoreInput | CoreOutput): string =>
    JSON.stringify(value, (key, part: unknown) => {
      if (part instanceof Uint8Array)
        return part.length > 24 ? `${toHex(part.subarray(0, 24))}... (${part.length})` : toHex(part);
      return key === 'validator' || key === 'bytes' ? undefined : part;
    });
  return [`${nowMs.toFixed(1)} ${text(input)}`, ...outputs.map((output) => `    ${text(output)}`)].join('\n');
}
