import type { Principal } from "../session/session-context.ts";
import type { Layout } from "./layout.ts";
import type { OperationCount } from "./operations.ts";
import type { RegionCounts } from "./shard-history.ts";
import type { Region } from "./shard-of.ts";
import type { EndReason, Tally } from "./tally.ts";

/** What a registry shard is asked, and what it answers. */

/** A live context, as its registry shard knows it. */
export type RegistryEntry = {
  readonly sessionId: string;
  /** When the context began; tells a new context under the same id from the one before. */
  readonly openedAt: number;
  readonly principal: Principal;
  readonly client: string | null;
};

export type RegisterRequest = RegistryEntry & {
  /** Why the context before under the same id is over, if its row may still stand. */
  readonly previousEnd?: EndReason;
  /** Where the context began; null or absent if that is not known. */
  readonly region?: Region | null;
};

/** What shard 0 adds to an answer that is gathered from all shards: which shards there are. Null in other shards. */
type WithLayout = { readonly layout: Layout | null };

export type ShardCount = WithLayout & {
  readonly sessions: number;
  /** How many of them are the principal's that was asked about; 0 for shared principals. */
  readonly yours: number;
  readonly byRegion: RegionCounts;
};

export type ShardPage = WithLayout & { readonly entries: readonly RegistryEntry[] };

/** How much of its quota a known principal uses in a shard, and its oldest contexts there. */
export type ShardUsage = { readonly sessions: number; readonly oldest: readonly ListPosition[] };

/** What a shard has counted since it exists, and in each step of the ranges asked for. */
export type ShardReport = WithLayout & {
  readonly sessions: number;
  readonly byRegion: RegionCounts;
  readonly tally: Tally;
  readonly series: readonly (readonly Tally[])[];
  /** Finished calls that isolates have reported here; empty unless asked for. */
  readonly operations: readonly OperationCount[];
};

export type RegisterAnswer =
  | { readonly outcome: "registered" }
  /** This context, or a newer one under the same id, was unregistered before: the call comes late. */
  | { readonly outcome: "removed" }
  /** The principal has as many contexts as it may; some of them, oldest first, to say what could be ended. */
  | { readonly outcome: "refused"; readonly oldest: readonly ListPosition[] };

/** Where a page of a listing goes on: after this entry. */
export type ListPosition = Pick<RegistryEntry, "sessionId" | "openedAt">;
