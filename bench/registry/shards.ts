/**
 * `npm run bench:shards`: how evenly 100 million sessions would fill the shards of the registry. Ids are random, like those of
 * the platform; known principals, who stay in one shard, have between a hundred and a thousand sessions each.
 */
import { randomBytes } from "node:crypto";
import { REGIONS, shardOf } from "../../src/registry/shard-of.ts";
import { aligned } from "../library/aligned.ts";

const SAMPLE = 400_000;
const rows: (string | number)[][] = [
  ["shards", "keys", "fullest ÷ mean", "emptiest ÷ mean", "rows of the fullest at 100M"],
];

function fill(label: string, shards: number, keys: number, weight: number, shard: (n: number) => number): void {
  const counts = new Array<number>(shards).fill(0);
  for (let n = 0; n < keys; n++) {
    const at = shard(n);
    counts[at] = (counts[at] ?? 0) + weight;
  }
  const mean = (keys * weight) / shards;
  const most = Math.max(...counts);
  const share = (count: number) => (count / mean).toFixed(3);
  rows.push([
    shards,
    label,
    share(most),
    share(Math.min(...counts)),
    Math.round((most / (keys * weight)) * 1e8).toLocaleString("en"),
  ]);
}

const id = () => `sess_${randomBytes(32).toString("base64url")}`;
for (const shards of [16, 64, 256]) {
  fill("anonymous, all regions alike", shards, SAMPLE, 1, (n) =>
    shardOf(id(), REGIONS[n % REGIONS.length] ?? null, shards),
  );
  fill("anonymous, two regions only", shards, SAMPLE, 1, (n) => shardOf(id(), n % 2 === 0 ? "weur" : "enam", shards));
  fill("anonymous, region unknown", shards, SAMPLE, 1, () => shardOf(id(), null, shards));
  fill("principals of 100 sessions", shards, SAMPLE / 100, 100, (n) =>
    shardOf(`https://issuer.example user-${n}`, null, shards),
  );
}
console.log(aligned(rows));
