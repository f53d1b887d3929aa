import { describe, expect, it } from 'vitest';
import { type NodeId } from '../../../client/api.ts';
import { notesBetween, withoutSpeaker, withSpeaker } from './rules.ts';

const id = (letter: string) => letter.repeat(32) as NodeId;
const [ana, ben, cara] = [id('a'), id('b'), id('c')];

describe('notesBetween', () => {
  const open = { locked: false, quiet: false };

  it('tells each rule that changed, and nothing else', () => {
    expect(notesBetween(open, open)).toEqual([]);
    expect(notesBetween(open, { locked: true, quiet: false })).toEqual(['locked']);
    expect(notesBetween({ locked: true, quiet: false }, { locked: true, quiet: true })).toEqual(['quiet']);
    expect(notesBetween({ locked: true, quiet: true }, open)).toEqual(['unlocked', 'open']);
  });

  it('tells who comes in only what is unusual', () => {
    expect(notesBetween(undefined, open)).toEqual([]);
    expect(notesBetween(undefined, { locked: true, quiet: true })).toEqual(['locked', 'quiet']);
  });
});

describe('lists of speakers', () => {
  it('adds and takes out one', () => {
    expect(withSpeaker(new Set([ana]), ben, () => false, 2)).toEqual([ana, ben]);
    expect(withSpeaker(new Set([ana]), ana, () => false, 1)).toEqual([ana]);
    expect(withoutSpeaker(new Set([ana, ben]), ana)).toEqual([ben]);
    expect(withoutSpeaker(new Set([ana]), ben)).toEqual([ana]);
  });

  it('lets go of who is not here when it is full, never of who is, nor of the one added', () => {
    expect(withSpeaker(new Set([ana, ben]), cara, (each) => each === ben, 2)).toEqual([ben, cara]);
    // That it is too long then is for the SDK to say.
    expect(withSpeaker(new Set([ana, ben]), cara, () => true, 2)).toEqual([ana, ben, cara]);
  });
});
