/** The peers: how to build and start each. */
import { fileURLToPath } from "node:url";

export type PeerName = "ours" | "service" | "floor-service" | "mcp-agent" | "sdk-object" | "floor";
export type Era = "legacy" | "modern" | "none";

export interface Peer {
  readonly name: PeerName;
  readonly label: string;
  /** Path of its wrangler.toml. */
  readonly config: string;
  /** Durable Object classes by binding name. */
  readonly objects: Readonly<Record<string, string>>;
  readonly vars: Readonly<Record<string, string>>;
  /** `none`: plain JSON, no MCP. */
  readonly eras: readonly Era[];
  /** A peer whose Worker runs in the same process, with the binding and entrypoint by which this one calls it. */
  readonly calls?: {
    readonly peer: PeerName;
    readonly binding: string;
    readonly entrypoint: string;
    readonly props: object;
  };
}

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

export const PEERS: readonly Peer[] = [
  {
    name: "ours",
    label: "mcp-session-context",
    config: path("../../wrangler.toml"),
    objects: { SESSIONS: "SessionObject", REGISTRY: "SessionRegistry", CATALOG: "ProjectCatalog" },
    // As deployed, except for the rate limits, which a load test would hit, and the line per request, which the peers do not log.
    vars: { RATE_LIMITS: "off", LOG_LEVEL: "error" },
    eras: ["modern", "legacy"],
  },
  {
    name: "service",
    label: "mcp-session-context, RPC",
    config: path("../peers/service.toml"),
    objects: {},
    vars: {},
    eras: ["none"],
    calls: {
      peer: "ours",
      binding: "CONTEXTS",
      entrypoint: "SessionEntrypoint",
      props: { service: "bench" },
    },
  },
  {
    name: "mcp-agent",
    label: "McpAgent",
    config: path("../peers/mcp-agent.toml"),
    objects: { AGENT: "DirectoryAgent" },
    vars: {},
    // It answers 2026-07-28 with 400.
    eras: ["legacy"],
  },
  {
    name: "sdk-object",
    label: "SDK + Durable Object",
    config: path("../peers/sdk-object.toml"),
    objects: { DIRECTORIES: "DirectoryObject" },
    vars: {},
    eras: ["modern", "legacy"],
  },
  {
    name: "floor",
    label: "floor",
    config: path("../peers/floor.toml"),
    objects: { FLOOR: "FloorObject" },
    vars: {},
    eras: ["none"],
  },
  {
    name: "floor-service",
    label: "floor, RPC",
    config: path("../peers/service.toml"),
    objects: {},
    vars: {},
    eras: ["none"],
    calls: { peer: "floor", binding: "CONTEXTS", entrypoint: "FloorEntrypoint", props: {} },
  },
];

export const COMPATIBILITY_DATE = "2026-10-23";

export function peerOf(name: PeerName): Peer {
  const peer = PEERS.find((candidate) => candidate.name === name);
  if (peer === undefined) throw new Error(`No peer ${name}`);
  return peer;
}
