/**
 * Runs a peer's journal through a fresh core: what the core was given, when, and what it then did.
 */
import type { CoreInput, CoreOutput } from '../core/io.ts';
import { PeerCore } from '../core/peer-core.ts';
import type { Journal } from '../journal.ts';
import type { Rng } from '../ports.ts';
import { toHex } from '../wire/bytes.ts';
import { SimRng } from './rng.ts';

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
