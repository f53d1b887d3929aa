import { describe, expect, it } from 'vitest';
import { workBitsAsked } from '../work.ts';
import { JoinRate } from './join-rate.ts';
import { RootScript, type ScriptPeer } from './root-script.ts';

/** Opens a socket, and gives what work it is asked for. */
function asked(script: RootScript, peer: ScriptPeer): number {
  script.open(peer);
  return workBitsAsked(peer.challenge);
}

describe('work for joining', () => {
  it('[R10] is none below the rate, rises with what comes beyond it, and falls again', () => {
    const rate = new JoinRate(100);
    let nowMs = 0;
    for (let second = 0; second < 60; second++) {
      for (let i = 0; i < 100; i++) rate.note((nowMs += 10));
      expect(rate.workBits(nowMs)).toBe(0);
    }
    // A thousand at once are a class reloading its page.
    const burst = new JoinRate(100);
    for (let i = 0; i < 1_000; i++) burst.note(0);
    expect(burst.workBits(0)).toBe(0);
    const seen: number[] = [];
    for (let i = 0; i < 100_000; i++) {
      burst.note(0);
      if (seen.at(-1) !== burst.workBits(0)) seen.push(burst.workBits(0));
    }
    expect(seen).toEqual([10, 11, 12, 13, 14, 15, 16]);
    expect(burst.workBits(5_000)).toBe(15);
    expect(burst.workBits(10_000)).toBe(0);
  });

  it('[R10] is asked of newcomers in their challenge, and who has not done it gets no place', () => {
    // Two registrations are let through; each further fifth of them costs a bit.
    const script = new RootScript({ joinsPerSecondMax: 0.2 });
    const early = script.newPeer();
    expect(asked(script, early)).toBe(0);
    for (let i = 0; i < 3; i++) script.register(script.newPeer());
    const [idle, lazy, diligent] = [script.newPeer(), script.newPeer(), script.newPeer()] as const;
    expect([asked(script, idle), asked(script, lazy), asked(script, diligent)]).toEqual([15, 15, 15]);
    script.give(idle, script.regReq(idle));
    script.give(lazy, script.regReq(lazy), true, 14);
    script.give(diligent, script.regReq(diligent), true, 15);
    expect([idle.errors(), lazy.errors(), diligent.errors()]).toEqual([['challenge'], ['challenge'], []]);
    expect([idle.ended, lazy.ended, diligent.ended]).toEqual([true, true, false]);
    // What was promised before holds.
    script.give(early, script.regReq(early));
    expect(early.errors()).toEqual([]);
    expect(asked(script.pass(60_000), script.newPeer())).toBe(0);
  });

  it('[R10] [R7] a root that has just started takes everybody back without', () => {
    const script = new RootScript({ joinsPerSecondMax: 0.2 }, { epochMs: 100_000 });
    for (let i = 0; i < 5; i++) script.register(script.newPeer());
    expect(asked(script, script.newPeer())).toBe(0);
    expect(asked(script.pass(6_000), script.newPeer())).toBeGreaterThan(0);
  });

  it('[R10] is not asked for unless told', () => {
    const script = new RootScript();
    for (let i = 0; i < 3_000; i++) script.register(script.newPeer());
    expect(asked(script, script.newPeer())).toBe(0);
  });
});
