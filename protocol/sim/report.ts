/** What several runs found together, and how a failure is told. */
import type { RunResult } from './run.ts';

export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

export interface Report {
  readonly scenario: string;
  readonly runs: number;
  readonly failures: number;
  /** Peers of the smallest and the largest run. */
  readonly peers: readonly [number, number];
  readonly expected: number;
  readonly delivered: number;
  readonly duplicates: number;
  readonly reorders: number;
  readonly gaps: number;
  readonly excusedGaps: number;
  readonly heals: number;
  readonly copiesPerDelivery: number;
  readonly depthMax: number;
  readonly depthOptimal: number;
  readonly healMs: Percentiles & { readonly clean: Percentiles; readonly silent: Percentiles };
  readonly joinMs: Percentiles;
  readonly reunionPacketsPerPeerPerPeriod: number;
  readonly convergedMs: Percentiles;
  readonly circles: number;
  readonly longestCircleMs: number;
  /** Hostile peers, packets they tampered with, and honest peers' complaints that a parent drops. */
  readonly hostile: number;
  readonly tampered: number;
  readonly complaints: number;
  /** Words times the honest peers that were there for them; and late ones whose two ends honest peers did not connect meanwhile. */
  readonly honestPairs: number;
  readonly cutOffPairs: number;
  /** Of each word of an honest peer, how long until every honest peer had it. */
  readonly lateMs: Percentiles;
  /** Share of honest peers that had some honest word later than three audit rounds, or never. */
  readonly eclipsedShare: number;
  readonly traceHash: string;
  readonly wallMs: number;
  readonly virtualMs: number;
  readonly events: number;
}

/** Percentiles of some samples, ms to a tenth; zeros when there are none. */
export function percentiles(samples: readonly number[]): Percentiles {
  const sorted = Float64Array.from(samples).sort();
  const at = (share: number): number => {
    const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    return Math.round(value * 10) / 10;
  };
  return { p50: at(0.5), p95: at(0.95), max: at(1) };
}

/** What is added up over runs. */
const sumKeys = [
  'expected',
  'delivered',
  'duplicates',
  'reorders',
  'gaps',
  'excusedGaps',
  'heals',
  'circles',
  'virtualMs',
  'events',
  'hostile',
  'tampered',
  'complaints',
] as const;

/** Gathers runs one by one, so that a long series need not be kept. */
export class ReportBuilder {
  readonly #scenario: string;
  readonly #healClean: number[] = [];
  readonly #healSilent: number[] = [];
  readonly #join: number[] = [];
  readonly #converged: number[] = [];
  #runs = 0;
  #failures = 0;
  #peersMin = Infinity;
  #peersMax = 0;
  #reunions = 0;
  #reunionRuns = 0;
  #firstHash = '';
  #hash = 0;
  #hashHigh = 0;
  readonly #sums = Object.fromEntries(sumKeys.map((key) => [key, 0])) as Record<(typeof sumKeys)[number], number>;
  #messagesIn = 0;
  #deliveriesRemote = 0;
  #depthMax = 0;
  #depthOptimal = 0;
  #longestCircleMs = 0;
  readonly #late: number[] = [];
  readonly #honest = { pairs: 0, cutOffPairs: 0, eclipsed: 0, honest: 0 };

  constructor(scenario: string) {
    this.#scenario = scenario;
  }

  add(run: RunResult): void {
    if (this.#runs++ === 0) this.#firstHash = run.traceHash;
    if (run.failure) this.#failures++;
    this.#peersMin = Math.min(this.#peersMin, run.peers);
    this.#peersMax = Math.max(this.#peersMax, run.peers);
    for (const key of sumKeys) this.#sums[key] += run[key];
    this.#messagesIn += run.messagesIn;
    this.#deliveriesRemote += run.deliveriesRemote;
    if (run.depthMax > this.#depthMax) {
      this.#depthMax = run.depthMax;
      this.#depthOptimal = run.depthOptimal;
    }
    this.#longestCircleMs = Math.max(this.#longestCircleMs, run.longestCircleMs);
    this.#healClean.push(...run.healCleanMs);
    this.#healSilent.push(...run.healSilentMs);
    for (const ms of run.joinMs) this.#join.push(ms);
    this.#converged.push(run.convergedAfterMs);
    for (const ms of run.honest.lateMs) this.#late.push(ms);
    for (const key of ['pairs', 'cutOffPairs', 'eclipsed', 'honest'] as const) this.#honest[key] += run.honest[key];
    if (!run.failure) {
      this.#reunions += run.reunionPacketsPerPeerPerPeriod;
      this.#reunionRuns++;
    }
    this.#hash = Math.imul(this.#hash ^ Number.parseInt(run.traceHash.slice(-8), 16), 0x01000193);
    this.#hashHigh =
      Math.imul(this.#hashHigh ^ Number.parseInt(run.traceHash.slice(0, 6), 16), 0x85ebca6b) ^ this.#hash;
  }

  build(wallMs: number): Report {
    const ratio = this.#deliveriesRemote === 0 ? 0 : this.#messagesIn / this.#deliveriesRemote;
    const { virtualMs, ...sums } = this.#sums;
    const { pairs, cutOffPairs, eclipsed, honest } = this.#honest;
    return {
      scenario: this.#scenario,
      runs: this.#runs,
      failures: this.#failures,
      peers: [this.#peersMin, this.#peersMax],
      ...sums,
      copiesPerDelivery: Math.round(ratio * 1e5) / 1e5,
      depthMax: this.#depthMax,
      depthOptimal: this.#depthOptimal,
      healMs: {
        ...percentiles([...this.#healClean, ...this.#healSilent]),
        clean: percentiles(this.#healClean),
        silent: percentiles(this.#healSilent),
      },
      joinMs: percentiles(this.#join),
      reunionPacketsPerPeerPerPeriod: Math.round((this.#reunions / Math.max(1, this.#reunionRuns)) * 1e3) / 1e3,
      convergedMs: percentiles(this.#converged),
      longestCircleMs: this.#longestCircleMs,
      honestPairs: pairs,
      cutOffPairs,
      lateMs: percentiles(this.#late),
      eclipsedShare: honest === 0 ? 0 : Math.round((eclipsed / honest) * 1e5) / 1e5,
      traceHash: this.#traceHash(),
      wallMs: Math.round(wallMs),
      virtualMs: Math.round(virtualMs),
    };
  }

  /** Of one run its own hash, of several a hash of theirs. */
  #traceHash(): string {
    if (this.#runs === 1) return this.#firstHash;
    return (this.#hashHigh >>> 11).toString(16).padStart(6, '0') + (this.#hash >>> 0).toString(16).padStart(8, '0');
  }
}

/** The command that repeats a run. */
export function commandFor(
  run: Pick<RunResult, 'scenario' | 'seed' | 'peers'>,
  k: number | undefined,
  extra = '',
): string {
  const fixed = k === undefined ? '' : ` --k ${k}`;
  return `npm run sim -- --scenario ${run.scenario} --seeds ${run.seed}..${run.seed} --peers ${run.peers}${fixed}${extra} --trace`;
}

/** A failed run for people: what, when, and how to see it again. */
export function failureText(run: RunResult, commit: string, command: string): string {
  const { failure } = run;
  if (failure === undefined) return '';
  const faults = Object.entries(run.faults).map(([kind, count]) => `${kind} ${count}`);
  return [
    `FAILED ${run.scenario} seed ${run.seed}, ${run.peers} peers, k ${run.k}, at ${(failure.atMs / 1000).toFixed(3)} s`,
    `  ${failure.checker}: ${failure.message}`,
    `  faults: ${faults.join(', ') || 'none'}`,
    `  commit ${commit}; repeat with`,
    `  ${command}`,
  ].join('\n');
}

/** What hostile peers did, and what honest ones had of each other. */
function hostileText({
  hostile,
  tampered,
  complaints,
  honestPairs,
  cutOffPairs,
  lateMs,
  eclipsedShare,
}: Report): string[] {
  return [
    `  ${hostile} hostile peers tampered with ${tampered} packets; ${complaints} complaints that a parent drops`,
    `  honest words had by every honest peer: p50 ${lateMs.p50}, p95 ${lateMs.p95}, max ${lateMs.max} ms; ` +
      `of ${honestPairs} pairs ${cutOffPairs} cut off; ${(eclipsedShare * 100).toFixed(2)} % of honest peers missed some`,
  ];
}

/** A report for people. */
export function reportText(report: Report): string {
  const line = (name: string, { p50, p95, max }: Percentiles): string =>
    `  ${name}: p50 ${p50}, p95 ${p95}, max ${max} ms`;
  return [
    `${report.scenario}: ${report.runs} runs of ${report.peers.join(' to ')} peers, ${report.failures} failures`,
    `  delivered ${report.delivered} of ${report.expected}, ${report.duplicates} duplicates, ${report.reorders} reorders, ` +
      `${report.gaps} gaps (${report.excusedGaps} more could not be helped), ${report.copiesPerDelivery} copies a delivery`,
    `  ${report.heals} heals; depth ${report.depthMax}, optimum ${report.depthOptimal}; ` +
      `${report.reunionPacketsPerPeerPerPeriod} reunion packets a peer a period`,
    line('heal, clean', report.healMs.clean),
    line('heal, silent', report.healMs.silent),
    line('join', report.joinMs),
    line('well after', report.convergedMs),
    ...(report.hostile > 0 ? hostileText(report) : []),
    `  ${(report.virtualMs / 1000).toFixed(0)} s of virtual time and ${report.events} events in ${(report.wallMs / 1000).toFixed(1)} s`,
    `  trace ${report.traceHash}`,
  ].join('\n');
}
