import { describe, expect, it } from 'vitest';
import type { CoreOutput } from '../../core/io.ts';
import type { SimPeer } from '../sim-peer.ts';
import { PastChecker } from './past.ts';

function room() {
  const failures: string[] = [];
  const [one, other] = ['p0', 'p1'].map((name) => ({ name, attachedAtMs: 5 }) as unknown as SimPeer) as [
    SimPeer,
    SimPeer,
  ];
  const live = [one, other];
  const checker = new PastChecker({ live, fail: (name, message) => failures.push(`${name}: ${message}`) });
  const gets = (seq: number, isPast: boolean): void => {
    checker.told(one, { kind: 'deliver', packet: { header: { seq } }, messages: [], isPast } as unknown as Extract<
      CoreOutput,
      { kind: 'deliver' }
    >);
  };
  return { checker, failures, one, other, gets };
}

describe('the checker of the past', () => {
  it('wants everybody who is attached to be told', () => {
    const { checker, one, other } = room();
    checker.told(one, { kind: 'caughtUp' });
    expect(checker.problem()).toBe('p1 was never told that it has what was said before it came [L6]');
    other.attachedAtMs = Infinity;
    expect(checker.problem()).toBeUndefined();
  });

  it('finds what comes of the past after that, and a second word', () => {
    const { checker, failures, one, gets } = room();
    gets(1, true);
    checker.told(one, { kind: 'caughtUp' });
    gets(2, false);
    expect(failures).toEqual([]);
    gets(3, true);
    checker.told(one, { kind: 'caughtUp' });
    expect(failures).toEqual([
      'past: p0 was told that it has the past, and is given #3 of the past [L6]',
      'past: p0 was told that it has the past, and is told so again [L6]',
    ]);
  });
});
