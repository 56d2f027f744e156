import { REGIONS, type Region } from "./shard-of.ts";

/** How many sessions began in each region. `unknown`: the request did not tell, or an earlier build registered the session. */
export type RegionCounts = Readonly<Partial<Record<Region | "unknown", number>>>;

/** Sessions by region in the order of the regions, those of unknown region last; empty ones are left out. */
export function addRegions(parts: readonly { readonly byRegion: RegionCounts }[]): RegionCounts {
  const regions = [...REGIONS, "unknown"] as const;
  const counted = regions.map(
    (region) => [region, parts.reduce((total, { byRegion }) => total + (byRegion[region] ?? 0), 0)] as const,
  );
  return Object.fromEntries(counted.filter(([, sessions]) => sessions > 0));
}
