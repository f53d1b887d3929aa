import { beforeEach, describe, expect, it } from 'vitest';
import type { HistoryLimit, Message } from './api.ts';
import { until } from './link.contract.ts';
import { Past } from './past.ts';

describe('the past of a newcomer', () => {
  let told: string[];

  const said = (text: string): Message => ({ text }) as Message;

  function past(limit: Partial<HistoryLimit>, waitMaxMs?: number): Past {
    const tell = ({ text, bytes }: Message): void => {
      told.push(text ?? `${bytes?.length ?? 0} bytes`);
    };
    return new Past({ messages: 1_000, bytes: 1_000, ...limit }, tell, waitMaxMs);
  }

  beforeEach(() => {
    told = [];
  });

  it('is told once it is complete: the newest, and all that was said since, in order', () => {
    const few = past({ messages: 2 });
    for (const text of ['a', 'b', 'c']) few.take(said(text), true);
    few.take(said('now'), false);
    few.take(said('d'), true);
    expect(told).toEqual([]);
    few.end();
    expect(told).toEqual(['c', 'now', 'd']);
    few.take(said('later'), false);
    few.take(said('too late'), true);
    few.end();
    expect(told).toEqual(['c', 'now', 'd', 'later']);
  });

  it('is bounded by bytes, of texts as UTF-8', () => {
    const few = past({ bytes: 10 });
    few.take(said('four'), true);
    few.take(said('\u20ac\u20ac'), true);
    few.take({ bytes: new Uint8Array(4) } as Message, true);
    few.end();
    expect(told).toEqual(['\u20ac\u20ac', '4 bytes']);
  });

  it('may be nothing, and what is larger than all of it is left out', () => {
    const none = past({ bytes: 3 });
    none.take(said('four'), true);
    none.take(said('now, and of any size'), false);
    none.end();
    expect(told).toEqual(['now, and of any size']);
  });

  it('is waited for so long and no longer', async () => {
    const few = past({}, 5);
    few.take(said('a'), true);
    few.take(said('now'), false);
    expect(told).toEqual([]);
    await until(() => told.length > 0, 'told without a word that all is here');
    expect(told).toEqual(['a', 'now']);
  });
});
