/** One run from a seed: the phase with faults, then the phase in which everything must become well again. */
import { Room } from './checkers/convergence.ts';
import { HonestChecker, lateAfterMs, type HonestResult } from './checkers/honest.ts';
import type { Overrides, SimOptions } from './options.ts';
import { drawOptions, type ScenarioName } from './scenarios.ts';
import { Simulation, type Failure } from './simulation.ts';
import { talkAfterMs, Workload } from './workload.ts';

/** What one run found and measured. Plain data. */
export interface RunResult {
  readonly scenario: string;
  readonly seed: number;
  readonly peers: number;
  readonly k: number;
  readonly failure: Failure | undefined;
  /** Message packets that were owed to peers, and that they got. */
  readonly expected: number;
  readonly delivered: number;
  readonly duplicates: number;
  readonly reorders: number;
  /** Gaps over packets that somebody still had, and gaps that could not be helped. */
  readonly gaps: number;
  readonly excusedGaps: number;
  readonly heals: number;
  readonly messagesIn: number;
  /** Deliveries to others than the origin. */
  readonly deliveriesRemote: number;
  readonly depthMax: number;
  readonly depthOptimal: number;
  readonly healCleanMs: readonly number[];
  readonly healSilentMs: readonly number[];
  readonly joinMs: readonly number[];
  readonly reunionPacketsPerPeerPerPeriod: number;
  readonly circles: number;
  readonly longestCircleMs: number;
  readonly traceHash: string;
  readonly virtualMs: number;
  /** From the end of the faults until everything was well, ms. */
  readonly convergedAfterMs: number;
  readonly events: number;
  /** Hostile peers, the packets they tampered with, and complaints about them; all none where everybody is honest. */
  readonly hostile: number;
  readonly tampered: number;
  readonly complaints: number;
  readonly honest: Omit<HonestResult, 'late'>;
  readonly faults: Readonly<Record<string, number>>;
  readonly trace: readonly string[];
}

/** How many reunion periods a room that is well must stay so. */
const settlePeriods = 2;
/** The earliest end of a run after the faults: talk goes on for a while and must arrive, ms. */
const quietAfterMs = 7_000;

/** How long after everything else receipts may still be wrong, ms: a report takes a period an edge, and a count that fell is told 5 s later. */
const receiptsAfterMs = 10_000;

/** The same for files, ms: what is left of the last one over the slowest link, and a report from each level. */
const filesAfterMs = 30_000;

/** Waits for the room to be well, and for it to stay so. */
class Liveness {
  convergedAfterMs = 0;
  reunionPacketsPerPeerPerPeriod = 0;
  room: Room;
  readonly #sim: Simulation;
  readonly #workload: Workload;
  #wellSinceMs: number | undefined;
  #reunionsThen = 0;
  #treeAllowed = false;

  constructor(sim: Simulation, workload: Workload) {
    this.#sim = sim;
    this.#workload = workload;
    this.room = new Room(sim);
  }

  /** What was said, at most a log of it, over the slowest link, once for itself and once for those behind it, ms. */
  #backlogMs(): number {
    const slowest = Math.min(...this.#sim.live.map((peer) => peer.inBytesPerMs));
    return (2 * Math.min(this.#sim.checkers.deliveries.bytesSealed, this.#sim.options.logBytesMax)) / slowest;
  }

  /** Where pairs that cannot meet leave no tree over all who live, nothing could bring one about: then they can meet. */
  #allowTree(): void {
    if (this.#treeAllowed) return;
    this.#treeAllowed = true;
    if (this.#sim.options.unreachableShare === 0) return;
    const { live, network } = this.#sim;
    const apart = new Set(live);
    const reached = live.slice(0, 1);
    for (let at = reached.pop(); at; at = reached.pop()) {
      apart.delete(at);
      for (const other of apart) if (!reached.includes(other) && !network.unreachable(at, other)) reached.push(other);
    }
    if (apart.size > 0) network.makeReachable();
  }

  /** Looks once a second; `true` ends the run. */
  tick(): boolean {
    const sim = this.#sim;
    const { faultsMs, convergeWithinMs, reunionPeriodMs } = sim.options;
    const afterMs = sim.nowMs - faultsMs;
    if (afterMs < quietAfterMs) return false;
    this.#allowTree();
    const settleMs = settlePeriods * reunionPeriodMs;
    // While it settles nobody looks: it must be well at both ends of the wait.
    if (this.#wellSinceMs !== undefined && sim.nowMs - this.#wellSinceMs < settleMs) return false;
    this.room = new Room(sim);
    const problem = this.room.problem((peer) => this.#workload.announced(peer));
    if (problem !== undefined) {
      this.#wellSinceMs = undefined;
      if (afterMs > convergeWithinMs + this.#backlogMs())
        sim.fail('convergence', `after ${Math.round(afterMs / 1000)} s of peace ${problem}`);
      return sim.failure !== undefined;
    }
    if (this.#wellSinceMs === undefined) {
      this.#wellSinceMs = sim.nowMs;
      this.convergedAfterMs = afterMs;
      this.#reunionsThen = sim.checkers.reunionsSent;
      return false;
    }
    const { past, receipts, files, movedAtMs } = sim.checkers;
    for (const [name, checker, afterPeaceMs] of [
      ['past', past, 0],
      ['receipts', receipts, receiptsAfterMs],
      ['files', files, filesAfterMs],
    ] as const) {
      const told = checker.problem();
      if (told === undefined) continue;
      // Where pairs cannot meet the tree is well while peers are still moved: what moves is missing or counted twice.
      const stillMs = sim.nowMs - Math.max(this.#wellSinceMs, movedAtMs);
      if (stillMs > settleMs + afterPeaceMs) sim.fail(name, told);
      return sim.failure !== undefined;
    }
    const periods = (sim.nowMs - this.#wellSinceMs) / reunionPeriodMs;
    this.reunionPacketsPerPeerPerPeriod = (sim.checkers.reunionsSent - this.#reunionsThen) / sim.live.length / periods;
    return true;
  }
}

/** How long after the last deadline a room with hostile peers is looked at, ms. */
const lookAfterMs = 2_000;

/** Waits until everything that was said among hostile peers should have come. What else they do to a room is not judged. */
class Endurance {
  readonly checker: HonestChecker;
  readonly #sim: Simulation;

  constructor(sim: Simulation) {
    this.#sim = sim;
    this.checker = new HonestChecker(sim, sim.checkers.deliveries, (peer) => sim.hostiles?.has(peer) ?? false);
  }

  tick(): boolean {
    this.checker.look();
    return this.#sim.nowMs >= this.#sim.options.faultsMs + talkAfterMs + lateAfterMs + lookAfterMs;
  }
}

const allHonest: HonestResult = { pairs: 0, cutOffPairs: 0, lateMs: [], eclipsed: 0, honest: 0, late: undefined };

/** A run in which nothing was said or nothing broke proved nothing. */
function vacuous(sim: Simulation, workload: Workload, heals: number): string | undefined {
  if (sim.checkers.deliveries.packetsSealed === 0) return 'nothing was said';
  if (sim.checkers.deliveries.remote === 0) return 'nothing was delivered to anybody else';
  if (sim.options.files > 0 && sim.checkers.files.chunks === 0) return 'no chunk of a file came to anybody';
  if (workload.breaks > 0 && heals === 0) return 'nothing was healed';
  // Who colludes and got nobody below it could do nothing: that is a result, too.
  if (sim.hostiles?.tampered === 0 && !sim.options.colluding) return 'nobody did anything hostile';
  return undefined;
}

/** Runs given options. */
export function runOptions(options: SimOptions, traceLines = 0): RunResult {
  const sim = new Simulation(options, traceLines);
  const workload = new Workload(sim);
  const liveness = new Liveness(sim, workload);
  const endurance = sim.hostiles && new Endurance(sim);
  sim.onTick = () => (endurance ?? liveness).tick();
  workload.start();
  sim.run();
  const heals = sim.peers.reduce((sum, peer) => sum + peer.core.counters().heals, 0);
  if (sim.failure === undefined) {
    const nothing = vacuous(sim, workload, heals);
    if (nothing !== undefined) sim.fail('vacuous', nothing);
  }
  const { late, ...honest } = endurance?.checker.result() ?? allHonest;
  if (late !== undefined && !options.colluding) sim.fail('late', late);
  const { checkers } = sim;
  const { deliveries } = checkers;
  const complete = deliveries.completeness();
  return {
    scenario: options.scenario,
    seed: options.seed,
    peers: options.peers,
    k: options.k,
    failure: sim.failure,
    expected: complete.expected,
    delivered: complete.delivered,
    duplicates: deliveries.duplicates,
    reorders: deliveries.reorders,
    gaps: deliveries.gaps,
    excusedGaps: deliveries.excusedGaps,
    heals,
    messagesIn: sim.messagesIn,
    deliveriesRemote: deliveries.remote,
    ...liveness.room.shape(),
    healCleanMs: checkers.heals.cleanMs,
    healSilentMs: checkers.heals.silentMs,
    joinMs: checkers.joinMs,
    reunionPacketsPerPeerPerPeriod: liveness.reunionPacketsPerPeerPerPeriod,
    circles: checkers.tree.circles,
    longestCircleMs: checkers.tree.longestCircleMs,
    traceHash: sim.trace.hash(),
    virtualMs: sim.nowMs,
    convergedAfterMs: liveness.convergedAfterMs,
    events: sim.events,
    hostile: sim.hostiles?.count ?? 0,
    tampered: sim.hostiles?.tampered ?? 0,
    complaints: sim.hostiles?.complaints.get('dropped') ?? 0,
    honest,
    faults: Object.fromEntries(workload.happened),
    trace: sim.trace.tail(),
  };
}

/** Runs a scenario with a seed. Everything that happens follows from these arguments. */
export function runSeed(
  scenario: ScenarioName,
  seed: number,
  peers: number,
  k?: number,
  overrides: Overrides = {},
): RunResult {
  return runOptions(drawOptions(scenario, seed, peers, { ...overrides, k: k ?? overrides.k }), overrides.traceLines);
}

/** What one run follows from, as `runSeed` takes it. Plain data. */
export interface Job {
  readonly scenario: ScenarioName;
  readonly seed: number;
  readonly peers: number;
  readonly k: number | undefined;
  readonly overrides?: Overrides;
}

export function runJob({ scenario, seed, peers, k, overrides }: Job): RunResult {
  return runSeed(scenario, seed, peers, k, overrides);
}
