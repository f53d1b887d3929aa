/** Keeps a peer's journal while it runs: the last inputs of its core with their times, and the numbers it drew. */
import type { CoreInput, PeerOptions } from '../core/io.ts';
import type { Journal, JournalEntry } from '../journal.ts';
import { journalBytesMax, journalInputsMax, journalNumbersMax } from '../limits.ts';
import type { Rng } from '../ports.ts';
import { chunkPrefixBytes } from '../wire/bodies.ts';
import type { Origin } from '../wire/packet-factory.ts';

/** The core only counts chunks: a journal that kept their bytes would hold hundreds of megabytes. */
function withoutChunk(input: CoreInput): CoreInput {
  if (input.kind !== 'packet' && input.kind !== 'chunkRead') return input;
  const { packet } = input;
  if (packet?.header.type !== 'chunk') return input;
  const { bytes: _bytes, plainText: _plainText, sender, validator, body, ...rest } = packet;
  // Copies: a view would keep all of the received bytes.
  const copies = { sender: sender.slice(), validator: validator.slice(), body: body.slice(0, chunkPrefixBytes) };
  const short = { ...rest, ...copies };
  return { ...input, packet: short } as CoreInput;
}

/** What an input keeps from being collected, about, in bytes. */
function sizeOf(input: CoreInput): number {
  if (input.kind === 'send') return input.messages.reduce((sum, { data }) => sum + data.length, 0);
  if (!('packet' in input) || input.packet === undefined) return 0;
  const { bytes, body, plainText } = input.packet;
  return (bytes ?? body).length + (plainText?.length ?? 0);
}

export class Recorder {
  readonly #origin: Origin;
  readonly #options: PeerOptions;
  readonly #inputs: JournalEntry[] = [];
  #bytes = 0;
  readonly #random: number[] = [];
  #isCut = false;

  constructor(origin: Origin, options: PeerOptions) {
    this.#origin = origin;
    this.#options = options;
  }

  /** The same source of random numbers, written down as it is drawn from. */
  recorded(rng: Rng): Rng {
    return {
      uint32: () => {
        const number = rng.uint32();
        if (this.#random.length < journalNumbersMax) this.#random.push(number);
        return number;
      },
    };
  }

  /** An input that the core is about to be given. */
  record({ nowMs, input }: JournalEntry): void {
    const kept = withoutChunk(input);
    this.#inputs.push({ nowMs, input: kept });
    this.#bytes += sizeOf(kept);
    if (!this.#isBeyond(1.25, 0)) return;
    // Many at a time: what is left has to move each time.
    let cut = 0;
    for (; this.#isBeyond(1, cut); cut++) this.#bytes -= sizeOf((this.#inputs[cut] as JournalEntry).input);
    this.#inputs.splice(0, cut);
    this.#isCut = true;
  }

  /** Whether more is kept than so many times the limits, but for the oldest `cut`. */
  #isBeyond(times: number, cut: number): boolean {
    return this.#inputs.length - cut > journalInputsMax * times || this.#bytes > journalBytesMax * times;
  }

  journal(): Journal {
    const { publicKey, id } = this.#origin;
    return {
      publicKey,
      id,
      options: this.#options,
      random: this.#random,
      isCut: this.#isCut,
      inputs: this.#inputs,
    };
  }
}
