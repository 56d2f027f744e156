import { isShared, type Principal } from "../model/principal.ts";
import { shardOf } from "./shard-of.ts";

/**
 * The shards that can hold rows. Stored in shard 0. A layout only grows, so contexts registered earlier are still found after
 * `REGISTRY_SHARDS` has changed.
 */
export interface Layout {
  /** Every value that `REGISTRY_SHARDS` has had, ascending. */
  readonly sizes: readonly number[];
  /**
   * Shards in use that do not follow from `sizes`, ascending. Their contexts began while the registry was unreachable, under a
   * size that was never announced.
   */
  readonly strays: readonly number[];
}

/** The layout of a registry that has always had `size` shards. */
export const layoutOf = (size: number): Layout => ({ sizes: [size], strays: [] });

export const mergeLayouts = (a: Layout, b: Layout): Layout => ({
  sizes: ascending([...a.sizes, ...b.sizes]),
  strays: ascending([...a.strays, ...b.strays]),
});

/** Whether `layout` includes everything in `part`. */
export const includesLayout = (layout: Layout, part: Layout): boolean =>
  part.sizes.every((size) => layout.sizes.includes(size)) &&
  part.strays.every((shard) => layout.strays.includes(shard));

/** Every shard that can hold rows. */
export const allShards = ({ sizes, strays }: Layout): number[] =>
  ascending([...Array.from({ length: Math.max(...sizes) }, (_, shard) => shard), ...strays]);

/** The shards that can hold contexts of a known principal. */
export const homesOf = (principal: Principal, { sizes, strays }: Layout): number[] =>
  ascending([...sizes.map((size) => shardOf(principal, null, size)), ...strays]);

/** `layout`, extended so that a reader finds a context of `principal` in `shard`. */
export function withShard(layout: Layout, principal: Principal, shard: number): Layout {
  const readers = isShared(principal) ? allShards(layout) : homesOf(principal, layout);
  return readers.includes(shard) ? layout : mergeLayouts(layout, { sizes: [], strays: [shard] });
}

/** Names registry shards in a message: `registry shard 1`, `registry shards 1, 2`. */
export const shardNames = (shards: readonly number[]): string =>
  `registry ${shards.length === 1 ? "shard" : "shards"} ${shards.join(", ")}`;

const ascending = (numbers: readonly number[]): number[] => [...new Set(numbers)].sort((a, b) => a - b);
