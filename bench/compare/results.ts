/** The contents of bench/results/compare.json. */
import type { Build } from "../library/build.ts";
import type { PeerName } from "../library/peers.ts";
import { median, rounded } from "../library/statistics.ts";
import type { OperationCost } from "../meter/count.ts";
import { type Case, keyOf } from "./cases.ts";
import type { Sample } from "./rounds.ts";

export interface CaseResult extends Case {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly cpuMicroseconds: number | null;
  /** Requests per second of each round. */
  readonly rounds: readonly number[];
}

export interface PeerResult {
  readonly label: string;
  readonly bundle: Omit<Build, "module">;
  readonly minified: Omit<Build, "module">;
  readonly startupMs: number | null;
  readonly costs: readonly OperationCost[];
}

export interface Results {
  readonly measuredAt: string;
  readonly machine: Readonly<Record<string, string | number>>;
  readonly versions: Readonly<Record<string, string>>;
  readonly rounds: number;
  readonly seconds: number;
  readonly peers: Readonly<Partial<Record<PeerName, PeerResult>>>;
  readonly cases: readonly CaseResult[];
}

/** Medians over the rounds. */
export function caseResult(one: Case, samples: ReadonlyMap<string, readonly Sample[]>): CaseResult {
  const own = samples.get(keyOf(one)) ?? [];
  const cpu = own.flatMap(({ cpuMicroseconds }) => (cpuMicroseconds === null ? [] : [cpuMicroseconds]));
  return {
    ...one,
    perSecond: rounded(median(own.map(({ perSecond }) => perSecond))),
    p50Ms: rounded(median(own.map(({ p50Ms }) => p50Ms))),
    p99Ms: rounded(median(own.map(({ p99Ms }) => p99Ms))),
    cpuMicroseconds: cpu.length === 0 ? null : rounded(median(cpu)),
    rounds: own.map(({ perSecond }) => rounded(perSecond)),
  };
}

export function find(cases: readonly CaseResult[], wanted: Partial<Case>): CaseResult | undefined {
  return cases.find((one) => Object.entries(wanted).every(([name, value]) => one[name as keyof Case] === value));
}

/** Requests per second of `a` relative to `b`: the median of the ratios per round. */
export function ratioOf(a: CaseResult | undefined, b: CaseResult | undefined): number | null {
  if (a === undefined || b === undefined) return null;
  return rounded(median(a.rounds.map((perSecond, round) => perSecond / (b.rounds[round] ?? Number.NaN))));
}
