import { describe, expect, it } from 'vitest';
import { type NodeId } from '../../../client/api.ts';
import { en } from '../strings/en.ts';
import { failureKind } from './failure.ts';
import { standingInWords, type Standing } from './words.ts';

const ana = 'a'.repeat(32) as NodeId;
const names = (id: NodeId) => (id === ana ? 'Ana' : id.slice(0, 8));
const base: Standing = {
  state: 'attached',
  detail: 'attached',
  reason: undefined,
  parent: ana,
  head: false,
  depth: 2,
  roomSize: 7,
};
const say = (change: Partial<Standing>) => standingInWords({ ...base, ...change }, en, names);

describe('standingInWords', () => {
  it('tells each step of joining', () => {
    expect(say({ state: 'joining', detail: 'connecting-to-root' })).toBe('Connecting to the root');
    expect(say({ state: 'joining', detail: 'registering' })).toBe('Registering');
    expect(say({ state: 'joining', detail: 'asking-for-parent' })).toBe('Asking for a parent');
    expect(say({ state: 'joining', detail: 'connecting-to-parent' })).toBe('Connecting to parent Ana');
    expect(say({ state: 'joining', detail: 'connecting-to-parent', parent: 'b'.repeat(32) as NodeId })).toBe(
      'Connecting to parent bbbbbbbb',
    );
    expect(say({ state: 'joining', detail: 'connecting-to-parent', parent: undefined })).toBe('Connecting to a parent');
  });

  it('tells where one hangs', () => {
    expect(say({})).toBe('Attached to Ana at depth 2, 7 in the room');
    expect(say({ head: true, depth: 1 })).toBe('You are the head: the root is your parent. 7 in the room');
  });

  it('tells of healing and of the end', () => {
    expect(say({ state: 'healing', detail: 'asking-for-parent' })).toBe('Lost the parent, finding a new one');
    expect(say({ state: 'healing', detail: 'connecting-to-parent' })).toBe('Lost the parent, connecting to Ana');
    expect(say({ state: 'left' })).toBe('You left the room');
  });
});

describe('failureKind', () => {
  it('has words for what a newcomer meets', () => {
    expect(failureKind('no-webrtc')).toBe('no-webrtc');
    expect(failureKind('link')).toBe('bad-link');
    expect(failureKind('admission')).toBe('bad-link');
    expect(failureKind('root-unreachable')).toBe('root-unreachable');
    expect(failureKind('full')).toBe('full');
    expect(failureKind('connect-timeout')).toBe('no-path');
    expect(failureKind('origin')).toBe('refused');
    expect(failureKind('forked')).toBe('forked');
  });
});
