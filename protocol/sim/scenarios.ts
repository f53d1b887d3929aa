/** The scenarios by name: what each draws from its seed. */
import { clientsDefault, logBytesMax, logPacketsMax, reunionPeriodMs } from '../limits.ts';
import { noFaults, type FaultRates, type Overrides, type SimOptions } from './options.ts';
import { SimRng } from './rng.ts';

export const scenarioNames = [
  'quiet',
  'flash-crowd',
  'churn',
  'silent',
  'partition',
  'slow',
  'root-restart',
  'everything',
  'hostile',
  'eclipse',
  'files',
] as const;
export type ScenarioName = (typeof scenarioNames)[number];

export function isScenario(name: string): name is ScenarioName {
  return (scenarioNames as readonly string[]).includes(name);
}

/** Options that a scenario changes. */
type Draw = (rng: SimRng, peers: number) => Partial<SimOptions>;

const noDisabled: ReadonlySet<never> = new Set();

/** A pleasant room: what a scenario does not say stays like this. */
function calm(scenario: string, seed: number, peers: number, k: number): SimOptions {
  return {
    scenario,
    seed,
    peers,
    k,
    joinSpreadMs: Math.max(2_000, peers * 20),
    faultsMs: Math.max(2_000, peers * 20) + 60_000,
    faultsFromMs: Math.max(2_000, peers * 20) + 5_000,
    convergeWithinMs: 120_000 + balancingMs(peers),
    latencyMs: [5, 80],
    rootLatencyMs: [5, 60],
    jitterMs: 5,
    bandwidth: [Infinity, Infinity],
    slowShare: 0,
    slowBandwidth: [20_000, 40_000],
    unreachableShare: 0,
    frameLossChance: 0,
    closeLostChance: 0,
    clockSkewMs: 60_000,
    clockDrift: 0.0001,
    leafShare: 0,
    phoneShare: 0,
    hiddenShare: 0,
    mixedShare: 0,
    historyShare: 1,
    presenceShare: peers <= 100 ? 1 : 0,
    reunionPeriodMs,
    logPacketsMax,
    logBytesMax,
    talkers: Math.min(peers, 4),
    talkPerSecond: 0.5,
    burstChance: 0.1,
    burstMax: 10,
    bodyBytes: [10, 300],
    largeBodyChance: 0,
    largeBodyBytes: [4_000, 8_000],
    files: 0,
    fileChunks: [1, 60],
    chunkBytes: [100, 2_000],
    takeBackChance: 0.15,
    faults: noFaults,
    freezeMs: [1_000, 20_000],
    partitionMs: [2_000, 25_000],
    outageMs: [1_000, 30_000],
    hostileShare: 0,
    colluding: false,
    balance: true,
    disabled: noDisabled,
  };
}

/** Time the root's balancing may need: it moves at least one peer, at most 1 % of them, a round of 4 s. */
function balancingMs(peers: number): number {
  return Math.min(peers, 100) * 2 * 4_000;
}

const draws: Record<ScenarioName, Draw> = {
  quiet: (_rng, peers) => ({
    // At most 500 joins a second: one root process.
    joinSpreadMs: Math.max(2_000, peers * 2),
    faultsMs: Math.max(2_000, peers * 2) + 30_000,
    latencyMs: [20, 80],
    talkers: Math.min(peers, 5),
    talkPerSecond: peers > 2_000 ? 0.05 : 0.5,
  }),

  'flash-crowd': (_rng, peers) => ({
    joinSpreadMs: 5_000,
    faultsMs: 40_000,
    latencyMs: [10, 100],
    rootLatencyMs: [10, 60],
    talkers: Math.min(peers, 3),
    talkPerSecond: peers > 2_000 ? 0.1 : 0.5,
    convergeWithinMs: 120_000 + balancingMs(peers),
  }),

  churn: (_rng, peers) => {
    // 1 % of the peers a minute, and never fewer than four: a small room must break too.
    const perMinute = Math.max(4, peers * 0.01);
    return {
      faultsMs: Math.max(2_000, peers * 20) + 125_000,
      latencyMs: [20, 20],
      jitterMs: 1,
      rootLatencyMs: [20, 20],
      talkers: Math.min(peers, 10),
      talkPerSecond: 1,
      faults: faults({
        join: perMinute,
        leave: perMinute * 0.3,
        crashClean: perMinute * 0.4,
        crashSilent: perMinute * 0.3,
      }),
    };
  },

  silent: (rng) => ({
    latencyMs: [5, rng.int(20, 200)],
    closeLostChance: 0.3,
    talkPerSecond: 1,
    faults: faults({
      crashSilent: 3,
      linkSilent: 3,
      linkOneWay: 3,
      linkHalfOpen: 3,
      linkSwallow: 2,
      join: 3,
      freeze: 1,
    }),
  }),

  partition: (rng) => ({
    latencyMs: [5, rng.int(20, 200)],
    faultsMs: 100_000,
    talkPerSecond: 1,
    partitionMs: [2_000, 30_000],
    faults: faults({ partition: 2.5, join: 1, leave: 0.5, crashClean: 0.5 }),
  }),

  slow: (rng, peers) => ({
    latencyMs: [5, 60],
    bandwidth: [500_000, 5_000_000],
    slowShare: Math.max(0.1, 1 / peers),
    slowBandwidth: [rng.int(8_000, 20_000), rng.int(20_000, 40_000)],
    logPacketsMax: rng.int(200, 600),
    logBytesMax: 512 * 1024,
    talkers: Math.min(peers, 6),
    talkPerSecond: rng.between(1, 3),
    burstChance: 0.2,
    burstMax: 20,
    largeBodyChance: 0.4,
    largeBodyBytes: [4_000, 8_000],
    faults: faults({ crashClean: 1.5, join: 1.5, crashSilent: 0.5 }),
  }),

  'root-restart': (rng) => ({
    latencyMs: [5, rng.int(20, 200)],
    rootLatencyMs: [5, rng.int(20, 200)],
    faultsMs: 110_000,
    talkPerSecond: 1,
    outageMs: [500, 40_000],
    closeLostChance: 0.05,
    faults: faults({
      rootRestart: 2,
      join: 3,
      leave: 1,
      crashClean: 1.5,
      crashSilent: 1,
      linkClean: 1,
      partition: 0.3,
    }),
  }),

  everything: (rng, peers) => {
    // Each kind of fault is on in about two seeds of three, so that single causes show too.
    const some = (perMinute: number): number => (rng.chance(0.65) ? perMinute * rng.between(0.3, 1.7) : 0);
    const slow = rng.chance(0.2);
    const smallLog = rng.chance(0.15);
    const latencyMax = rng.pick([5, 30, 100, 400]) ?? 400;
    return bearable({
      joinSpreadMs: rng.pick([100, 2_000, 10_000]) ?? 2_000,
      faultsFromMs: 8_000,
      faultsMs: 8_000 + rng.int(25_000, 70_000),
      latencyMs: [1, latencyMax],
      rootLatencyMs: [1, rng.pick([10, 60, 400]) ?? 60],
      jitterMs: rng.pick([0, 2, 20, 100]) ?? 0,
      bandwidth: rng.chance(0.5) ? [Infinity, Infinity] : [100_000, 2_000_000],
      slowShare: slow ? 0.15 : 0,
      slowBandwidth: [10_000, 30_000],
      unreachableShare: rng.chance(0.25) ? rng.between(0.02, 0.15) : 0,
      frameLossChance: rng.chance(0.5) ? rng.between(0.002, 0.02) : 0,
      closeLostChance: rng.chance(0.5) ? 0.2 : 0,
      clockSkewMs: 3_600_000,
      clockDrift: 0.001,
      leafShare: rng.chance(0.3) ? 0.2 : 0,
      phoneShare: rng.chance(0.3) ? 0.15 : 0,
      hiddenShare: rng.chance(0.3) ? 0.15 : 0,
      mixedShare: rng.chance(0.3) ? 0.5 : 0,
      historyShare: rng.pick([0, 0.5, 1, 1]) ?? 1,
      presenceShare: rng.pick([0.2, 1]) ?? 1,
      reunionPeriodMs: peers <= 20 && rng.chance(0.3) ? 2_000 : reunionPeriodMs,
      logPacketsMax: smallLog ? rng.int(20, 200) : logPacketsMax,
      talkers: rng.int(1, Math.min(peers, 8)),
      talkPerSecond: rng.between(0.1, 1),
      burstChance: rng.pick([0, 0.1, 0.5]) ?? 0,
      burstMax: rng.pick([5, 30, 80]) ?? 5,
      largeBodyChance: rng.chance(0.3) ? 0.2 : 0,
      outageMs: [300, 30_000],
      faults: faults({
        join: some(6),
        leave: some(3),
        crashClean: some(3),
        crashSilent: some(3),
        linkClean: some(3),
        linkSilent: some(3),
        linkOneWay: some(3),
        linkHalfOpen: some(3),
        linkSwallow: some(1),
        freeze: some(2),
        pause: some(1),
        partition: some(0.8),
        rootRestart: some(0.8),
        duplicate: some(1),
        offer: some(2),
      }),
    });
  },

  hostile: (rng, peers) => ({ ...talkative(rng, peers), hostileShare: 0.1 }),

  eclipse: (rng, peers) => ({ ...talkative(rng, peers), hostileShare: 0.2, colluding: true }),

  files: (rng, peers) => ({
    joinSpreadMs: rng.pick([500, 5_000]) ?? 500,
    faultsFromMs: 8_000,
    faultsMs: 60_000,
    latencyMs: [1, rng.pick([5, 30, 100, 400]) ?? 30],
    jitterMs: rng.pick([0, 2, 20]) ?? 0,
    bandwidth: rng.chance(0.5) ? [Infinity, Infinity] : [100_000, 2_000_000],
    frameLossChance: rng.chance(0.3) ? rng.between(0.002, 0.02) : 0,
    closeLostChance: rng.chance(0.5) ? 0.2 : 0,
    hiddenShare: rng.chance(0.3) ? 0.15 : 0,
    mixedShare: rng.chance(0.3) ? 0.5 : 0,
    talkers: Math.min(peers, 3),
    talkPerSecond: 0.2,
    // Not drawn: seeds that found something stay what they were.
    historyShare: peers % 4 === 1 ? 0.5 : 1,
    files: rng.int(1, 8),
    faults: faults({
      join: 4,
      leave: 2,
      crashClean: 3,
      crashSilent: 2,
      linkClean: 3,
      linkSilent: 2,
      linkHalfOpen: 1,
      freeze: 1,
      pause: 1,
      partition: rng.chance(0.3) ? 0.8 : 0,
      rootRestart: rng.chance(0.3) ? 0.8 : 0,
    }),
  }),
};

/** A room in which nothing breaks and many speak, so that whatever somebody keeps back is missed. */
function talkative(rng: SimRng, peers: number): Partial<SimOptions> {
  const joinSpreadMs = rng.pick([500, 2_000, 10_000]) ?? 2_000;
  return {
    joinSpreadMs,
    faultsFromMs: joinSpreadMs + 3_000,
    faultsMs: joinSpreadMs + 50_000,
    latencyMs: [5, rng.pick([30, 100, 250]) ?? 30],
    talkers: Math.min(peers, 10),
    talkPerSecond: 0.2,
  };
}

/**
 * Talk slowed down to what the slowest link can carry: in a room that says ten times as much, who hangs behind such a link
 * lags until it falls out of every log, and whether a gap came too soon has no answer. `slow` goes to that edge.
 */
function bearable(load: Partial<SimOptions> & Load): Partial<SimOptions> {
  const [narrowest] = load.slowShare > 0 ? load.slowBandwidth : load.bandwidth;
  const perTurn = 1 + (load.burstChance * load.burstMax) / 2;
  const bodyBytes = overheadBytes + 155 * (1 - load.largeBodyChance) + 6_000 * load.largeBodyChance;
  const bytesPerSecond = load.talkers * load.talkPerSecond * perTurn * bodyBytes;
  const share = Math.min(1, (bearableShare * narrowest) / bytesPerSecond);
  return { ...load, talkPerSecond: load.talkPerSecond * share };
}

type Load = Pick<
  SimOptions,
  | 'slowShare'
  | 'slowBandwidth'
  | 'bandwidth'
  | 'talkers'
  | 'talkPerSecond'
  | 'burstChance'
  | 'burstMax'
  | 'largeBodyChance'
>;

/** The part of the slowest link that talk may take: the rest is for copies, repair and control. */
const bearableShare = 0.4;
/** Header, signature and node of a message packet, bytes. */
const overheadBytes = 170;

function faults(rates: Partial<FaultRates>): FaultRates {
  return { ...noFaults, ...rates };
}

/** Scenarios that draw how many clients a peer serves. */
const drawsK: ReadonlySet<ScenarioName> = new Set(['everything', 'hostile', 'eclipse']);

/** The options of one run. */
export function drawOptions(
  scenario: ScenarioName,
  seed: number,
  peers: number,
  overrides: Overrides = {},
): SimOptions {
  const rng = new SimRng(seed, 1 + scenarioNames.indexOf(scenario));
  const drawnK = drawsK.has(scenario) ? (rng.pick([2, 2, 3, 4, 4, 5, 8]) ?? clientsDefault) : clientsDefault;
  const base = calm(scenario, seed, peers, overrides.k ?? drawnK);
  const disabled = overrides.disabled ?? base.disabled;
  return { ...base, ...draws[scenario](rng, peers), disabled };
}
