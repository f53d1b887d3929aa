/**
 * A journal: what a peer's core was given, when, and the numbers it drew. As text it is JSON with byte arrays as
 * `{ "$hex": "..." }`; `npm run sim -- --replay FILE` runs it through a fresh core.
 */
import type { CoreInput, PeerOptions } from './core/io.ts';
import type { NodeId } from './types.ts';
import { fromHex, toHex } from './wire/bytes.ts';

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
  /** Whether inputs are missing at the start because there were too many to keep: a replay then begins in the middle. */
  readonly isCut?: boolean;
  readonly inputs: readonly JournalEntry[];
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
