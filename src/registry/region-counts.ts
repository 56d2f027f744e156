import { REGIONS, type Region } from "./shard-of.ts";

/** Sessions by the region in which they began. `unknown`: the request had no location, or an earlier build registered the session. */
export type RegionCounts = Readonly<Partial<Record<Region | "unknown", number>>>;

/** Sums the counts of all parts, in the order of `REGIONS` with `unknown` last. Regions without a session are omitted. */
export function addRegions(parts: readonly { readonly byRegion: RegionCounts }[]): RegionCounts {
  const regions = [...REGIONS, "unknown"] as const;
  const counted = regions.map(
    (region) => [region, parts.reduce((total, { byRegion }) => total + (byRegion[region] ?? 0), 0)] as const,
  );
  return Object.fromEntries(counted.filter(([, sessions]) => sessions > 0));
}
