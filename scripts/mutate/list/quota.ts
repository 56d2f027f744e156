import type { Mutation } from "../mutation.ts";

const SHARD = "src/registry/session-registry.ts";
const ROW = "src/session/session-row.ts";
const MEMBERSHIP = ["test/objects/session-registry.test.ts"];
const LAYOUT = ["test/objects/registry-layout.test.ts"];
const INTERLEAVINGS = ["test/objects/interleavings.test.ts"];

/** How many contexts a principal may have. Acknowledged contexts are never removed to enforce it. */
export const QUOTA_MUTATIONS: readonly Mutation[] = [
  {
    name: "the quota refuses one context too many",
    file: SHARD,
    find: "this.#countOf(principal) + elsewhere >= maxSessions",
    replace: "this.#countOf(principal) + elsewhere > maxSessions",
    tests: MEMBERSHIP,
    only: "the quota",
  },
  {
    name: "the quota counts all shards of a principal",
    file: SHARD,
    find: "this.#countOf(principal) + elsewhere >= maxSessions",
    replace: "this.#countOf(principal) >= maxSessions",
    tests: LAYOUT,
  },
  {
    name: "the quota removes no acknowledged context",
    file: ROW,
    find: "this.#record.put({ ...session, registration })",
    replace: "this.#record.put(session)",
    tests: INTERLEAVINGS,
    only: "the quota",
  },
  {
    name: "a second registration attempt starts only after the first has been decided for its callers",
    file: ROW,
    find: "// The decision is made below without an await, so nobody may join any more.\n    this.#over(registering);",
    replace: "",
    tests: ["test/objects/session-row.test.ts"],
  },
  {
    name: "the quota still applies to an unacknowledged context",
    file: "src/session/session-life.ts",
    find: "const registration = { ...stored.registration, tries: stored.registration.tries + 1 };",
    replace:
      "const { maxSessions: _, ...rest } = stored.registration; const registration = { ...rest, tries: rest.tries + 1 };",
    tests: INTERLEAVINGS,
    only: "the quota",
  },
  {
    name: "concurrent sets at the quota's limit get the same answer",
    file: ROW,
    find: "if (this.#registering?.openedAt === openedAt) return this.#registering;",
    replace: "",
    tests: INTERLEAVINGS,
    only: "the quota",
  },
  {
    name: "a state value is not acknowledged while the quota may refuse its context",
    file: "src/session/session-access.ts",
    find: "? this.#row.acknowledge(live.session)",
    replace: "? null",
    tests: INTERLEAVINGS,
    only: "the quota",
  },
];
