import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { receiptWindow } from '../../limits.ts';
import type { NodeId } from '../../types.ts';
import { encodeUtf8, fromHex, toHex } from '../bytes.ts';
import { node, session } from '../samples.ts';
import { receiptsBody, replyBody, typingBody, type ReceiptEntry } from './talk.ts';

describe('the bodies of receipts and typing', () => {
  it('[T1] have a golden layout', () => {
    const entries: ReceiptEntry[] = [
      {
        sender: node('c'),
        session,
        top: 258,
        runs: [
          { length: 2, count: 3 },
          { length: 30, count: 500 },
        ],
      },
    ];
    const hex = `01${'c'.repeat(32)}${session}00000102` + '02' + '020003' + '1e01f4';
    expect(toHex(receiptsBody.encode(entries))).toBe(hex);
    expect(receiptsBody.decode(fromHex(hex))).toEqual(entries);
  });

  it('[T6] have a golden layout', () => {
    expect(toHex(typingBody.encode({ active: true, channel: 'game' }))).toBe('010467616d65');
    expect(typingBody.decode(fromHex('010467616d65'))).toEqual({ active: true, channel: 'game' });
    for (const hex of ['', '02' + '00', '01', '0001', '000061'])
      expect(typingBody.decode(fromHex(hex))).toBeUndefined();
  });

  it('[M7] have a golden layout for answers too', () => {
    const reply = { sender: node('c'), session, seq: 258, index: 1, text: encodeUtf8('yes') };
    const hex = `${'c'.repeat(32)}${session}00000102` + '0001' + '796573';
    expect(toHex(replyBody.encode(reply))).toBe(hex);
    expect(replyBody.decode(fromHex(hex))).toEqual(reply);
    expect(replyBody.decode(fromHex(hex.slice(0, 58)))).toBeUndefined();
  });

  it('[T1] [W5] tell of at most 32 positions a stream, in runs that are not empty', () => {
    const head = `01${'c'.repeat(32)}${session}00000102`;
    for (const runs of ['01000001', '01210001', '021f0001020002', '02010001', '01010001ff'])
      expect(receiptsBody.decode(fromHex(head + runs)), runs).toBeUndefined();
    expect(receiptsBody.decode(fromHex(`${head}00`))).toHaveLength(1);
  });

  it('[W5] come back as they went, whatever they hold', () => {
    const run = fc.record({ length: fc.integer({ min: 1, max: 4 }), count: fc.nat(0xffff) });
    const entry = fc.record({
      sender: fc.constantFrom<NodeId>(node('c'), node('d')),
      session: fc.constant(session),
      top: fc.nat(0xffffffff),
      runs: fc.array(run, { maxLength: receiptWindow / 4 }),
    });
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 64 }), (entries) => {
        expect(receiptsBody.decode(receiptsBody.encode(entries))).toEqual(entries);
      }),
    );
  });
});
