/** The platform's regions, in the order in which registry shards are assigned to them. */
export const REGIONS = ["wnam", "enam", "sam", "weur", "eeur", "apac", "oc", "afr", "me"] as const;

export type Region = (typeof REGIONS)[number];

/** The region that shard `shard` lives in. */
export const regionOf = (shard: number): Region => REGIONS[shard % REGIONS.length] as Region;

/**
 * The shard for a new context: one of the shards in `region`, chosen by a hash of `key` so that they fill evenly. If the
 * region is unknown or has no shard (fewer shards than regions), it is one of all shards.
 */
export function shardOf(key: string, region: Region | null, shards: number): number {
  const hash = fnv1a(key);
  const first = region === null ? -1 : REGIONS.indexOf(region);
  if (first < 0 || first >= shards) return hash % shards;
  const inRegion = Math.ceil((shards - first) / REGIONS.length);
  return first + (hash % inRegion) * REGIONS.length;
}

/** The region nearest to where a request entered the platform, or null if unknown. */
export function regionOfRequest(
  cf: { continent?: unknown; longitude?: unknown; country?: unknown } | undefined,
): Region | null {
  const longitude = Number(cf?.longitude);
  switch (cf?.continent) {
    case "NA":
      return longitude < -100 ? "wnam" : "enam";
    case "SA":
    case "AN":
      return "sam";
    case "EU":
      return longitude > 15 ? "eeur" : "weur";
    case "AS":
      return longitude < 60 ? "me" : "apac";
    case "OC":
      return "oc";
    case "AF":
      return "afr";
    default:
      return null;
  }
}

/** FNV-1a, 32 bits: spreads short keys evenly. Not for secrets. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
