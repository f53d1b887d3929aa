/** The reunion: folds go up, sweeps come down, probes go both ways (chapter U). */
import { pathNodesMax } from '../../limits.ts';
import type { NodeId } from '../../types.ts';
import { readAttestation, writeAttestation, type Attestation } from '../attestation.ts';
import { codec, readIds, writeIds } from './codec.ts';

/** Upwards (reunion, request): what hangs below the sender, itself included. */
export interface FoldBody {
  readonly epoch: number;
  readonly round: number;
  readonly subtreeSize: number;
  /** Levels below the sender; 0 for a leaf. */
  readonly height: number;
  readonly freeSlots: number;
  readonly attachEpoch: number;
}
export const foldBody = codec<FoldBody>(
  (w, v) => w.u48(v.epoch).u32(v.round).u32(v.subtreeSize).u8(v.height).u32(v.freeSlots).u32(v.attachEpoch),
  (r) => ({
    epoch: r.u48(),
    round: r.u32(),
    subtreeSize: r.u32(),
    height: r.u8(),
    freeSlots: r.u32(),
    attachEpoch: r.u32(),
  }),
);

/** Downwards (reunion, response in a sweep, push after a change): where the receiver's parent stands. */
export interface SweepBody {
  readonly epoch: number;
  readonly round: number;
  readonly roomSize: number;
  /** The root's own word, as it gave it to the head; `undefined` while the head does not reach it (rules U2, U7). */
  readonly attestation: Attestation | undefined;
  /** From the head to the sender, both included; empty from the root to the head. */
  readonly path: readonly NodeId[];
}
export const sweepBody = codec<SweepBody>(
  (w, v) => {
    w.u48(v.epoch)
      .u32(v.round)
      .u32(v.roomSize)
      .u8(Number(v.attestation !== undefined));
    if (v.attestation) writeAttestation(w, v.attestation);
    writeIds(w, v.path);
  },
  (r) => ({
    epoch: r.u48(),
    round: r.u32(),
    roomSize: r.u32(),
    attestation: r.bool() ? readAttestation(r) : undefined,
    path: readIds(r, pathNodesMax),
  }),
);

/** A reunion on demand (reunion, pull up, then confirm down): records the nodes it passed, origin first. */
export interface ProbeBody {
  /** Below 2^48, chosen by chance: what the root signs answers this question and no other. */
  readonly probe: number;
  readonly path: readonly NodeId[];
  /** 64 bytes: the root's signature over `probedBytes`; `undefined` on the way up, and where the root was not reached. */
  readonly signature: Uint8Array | undefined;
}
export const probeBody = codec<ProbeBody>(
  (w, v) => {
    w.u48(v.probe).u8(Number(v.signature !== undefined));
    if (v.signature) w.raw(v.signature);
    writeIds(w, v.path);
  },
  (r) => ({ probe: r.u48(), signature: r.bool() ? r.raw(64) : undefined, path: readIds(r, pathNodesMax) }),
);
