import type { Principal } from "../model/principal.ts";
import type { Layout } from "./layout.ts";
import type { OperationCount } from "./operations.ts";
import type { RegionCounts } from "./region-counts.ts";
import type { Region } from "./shard-of.ts";
import type { EndReason, Tally } from "./tally.ts";

/** Requests to a registry shard, and its answers. */

/** A live context, as its registry shard stores it. */
export type RegistryEntry = {
  readonly sessionId: string;
  /** When the context began, in milliseconds since the epoch. Distinguishes successive contexts under the same id. */
  readonly openedAt: number;
  readonly principal: Principal;
  readonly client: string | null;
};

export type RegisterRequest = RegistryEntry & {
  /** Why the previous context under the same id ended, if its row may still exist. */
  readonly previousEnd?: EndReason;
  /** Where the context began; null or absent if unknown. */
  readonly region?: Region | null;
};

/** The registry's layout, which shard 0 adds to answers gathered from all shards. Null from other shards. */
type WithLayout = { readonly layout: Layout | null };

export type ShardCount = WithLayout & {
  readonly sessions: number;
  /** How many of them belong to the given principal; 0 for shared principals. */
  readonly yours: number;
  readonly byRegion: RegionCounts;
};

export type ShardPage = WithLayout & { readonly entries: readonly RegistryEntry[] };

/** How much of its quota a known principal uses in a shard, and its oldest contexts there. */
export type ShardUsage = { readonly sessions: number; readonly oldest: readonly ListPosition[] };

/** The counts of a shard since its creation, and in each step of the requested ranges. */
export type ShardReport = WithLayout & {
  readonly sessions: number;
  readonly byRegion: RegionCounts;
  readonly tally: Tally;
  readonly series: readonly (readonly Tally[])[];
  /** Finished calls that isolates have reported here; empty unless requested. */
  readonly operations: readonly OperationCount[];
};

export type RegisterAnswer =
  | { readonly outcome: "registered" }
  /** This context, or a newer one under the same id, was already unregistered: the call is late. */
  | { readonly outcome: "removed" }
  /** The principal has reached its limit. `oldest`: some of its contexts, oldest first, that could be ended. */
  | { readonly outcome: "refused"; readonly oldest: readonly ListPosition[] };

/** A page of a listing starts after this entry. */
export type ListPosition = Pick<RegistryEntry, "sessionId" | "openedAt">;
