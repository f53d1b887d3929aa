/** Links within one process whose frames the test sees, and can play again. For tests only. */
import type { Link, LinkEvents } from '../protocol/ports.ts';
import type { NodeId } from '../protocol/types.ts';
import { decodeUtf8, encodeUtf8 } from '../protocol/wire/bytes.ts';
import type { RtcLinks } from './rtc-link.ts';

const binding = new Uint8Array(32).fill(4);

interface End {
  readonly remote: NodeId;
  readonly events: LinkEvents;
  far: End | undefined;
  isOpen: boolean;
  /** Frames on their way to this end. */
  readonly inFlight: Uint8Array[];
}

/** All links of a room. Frames arrive in order, a turn of the event loop later. */
export class Wires {
  readonly #offers = new Map<string, End>();
  #next = 1;
  /** Sees every frame as it is sent, with the id of the end it goes to. */
  onFrame: ((to: End, frame: Uint8Array) => void) | undefined;

  /** The links of one peer. */
  links(): RtcLinks & { readonly ends: readonly End[] } {
    const ends: End[] = [];
    const counts = { made: 0, open: 0 };
    return {
      counts,
      ends,
      closed: () => Promise.resolve(),
      open: (remote, initiator, events) => {
        const end: End = { remote, events, far: undefined, isOpen: true, inFlight: [] };
        ends.push(end);
        counts.made++;
        counts.open++;
        const name = `${this.#next++}`;
        if (initiator) {
          this.#offers.set(name, end);
          queueMicrotask(() => {
            if (end.isOpen) events.signal(encodeUtf8(name));
          });
        }
        return this.#link(end, counts);
      },
    };
  }

  #link(end: End, counts: { open: number }): Link {
    return {
      send: (frame) => {
        const { far } = end;
        if (!end.isOpen || far === undefined) return;
        this.onFrame?.(far, frame);
        this.deliver(far, frame);
        setTimeout(() => {
          if (end.isOpen) end.events.drained(frame.length);
        });
      },
      signal: (data) => {
        const other = this.#offers.get(decodeUtf8(data) ?? '');
        if (other === undefined || end.far !== undefined) return;
        end.far = other;
        other.far = end;
        for (const one of [end, other]) one.events.up(binding);
      },
      close: () => {
        if (!end.isOpen) return;
        end.isOpen = false;
        counts.open--;
        const { far } = end;
        setTimeout(() => {
          if (far?.isOpen === true) far.events.down();
        });
      },
    };
  }

  /** A frame arrives at an end, whoever it is from. */
  deliver(end: End, frame: Uint8Array): void {
    end.inFlight.push(frame);
    if (end.inFlight.length > 1) return;
    setTimeout(() => {
      for (const arriving of end.inFlight.splice(0)) if (end.isOpen) end.events.frame(arriving);
    });
  }
}

export type { End };
