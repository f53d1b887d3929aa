import type { CoreInput } from '../core/io.ts';

/** Where what came in goes once it is an input for the core. */
export interface Inbox {
  /** Queues an input; the next turn handles it. */
  push(input: CoreInput): void;
  /** Handles what is queued, unless that is being done already. */
  turn(): void;
}
