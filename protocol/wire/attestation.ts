/**
 * What the root says of a room, under its own key: that it was there, how many it had, when. Passed down the tree unchanged, so
 * that each peer need not take an ancestor's word for it (rule U7).
 */
import type { NodeId } from '../types.ts';
import { ByteWriter, encodeUtf8, type ByteReader } from './bytes.ts';

export interface Attestation {
  readonly epoch: number;
  /** The round of the fold that it answers. */
  readonly round: number;
  /** Peers of the room that the root knows. */
  readonly roomSize: number;
  /** The root's clock, ms since 1970. */
  readonly timeMs: number;
  /** 64 bytes: Ed25519 by the root's key over `attestedBytes`. */
  readonly signature: Uint8Array;
}

const domain = encodeUtf8('banyan-root-1');
const probeDomain = encodeUtf8('banyan-probe-1');

function writeClaims(w: ByteWriter, { epoch, round, roomSize, timeMs }: Omit<Attestation, 'signature'>): ByteWriter {
  return w.u48(epoch).u32(round).u32(roomSize).u48(timeMs);
}

/** What the root signs: domain, room (32 bytes) and claims. */
export function attestedBytes(room: string, claims: Omit<Attestation, 'signature'>): Uint8Array {
  return writeClaims(new ByteWriter().raw(domain).id(room), claims).finish();
}

/** What the root signs of a reunion on demand (rule U6): domain, room (32 bytes), the asker's number and the path as it came. */
export function probedBytes(room: string, { probe, path }: { probe: number; path: readonly NodeId[] }): Uint8Array {
  const w = new ByteWriter().raw(probeDomain).id(room).u48(probe);
  for (const id of path) w.id(id);
  return w.finish();
}

export function writeAttestation(w: ByteWriter, attestation: Attestation): void {
  writeClaims(w, attestation).raw(attestation.signature);
}

export function readAttestation(r: ByteReader): Attestation {
  return { epoch: r.u48(), round: r.u32(), roomSize: r.u32(), timeMs: r.u48(), signature: r.raw(64) };
}
