import * as z from "zod";
import { LOG_LEVELS, type LogLevel } from "../base/log.ts";
import { type AuthConfig, authConfigOf, authVars, SECRET_VARS } from "./auth-config.ts";
import { MAX_REGISTRY_SHARDS, OPERATIONS_FLUSH_MS } from "./limits.ts";
import { misnamedVar } from "./misnamed-var.ts";
import { commaList, isSafeUrl, wholeNumber } from "./var-forms.ts";

/** One host name, or `*.` and a host name for its subdomains. No scheme, port or path. */
const HOST_PATTERN = /^(\*\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$|^\[[0-9a-f:.]+\]$/;

const hostList = commaList
  .transform((hosts) => hosts.map((host) => host.toLowerCase()))
  .refine(
    (hosts) => hosts.every((host) => HOST_PATTERN.test(host)),
    'must be host names separated by commas, without scheme, port or path, such as "mcp.example.com, *.example.org"',
  );

/** Scheme, host and port. No path: the metadata of the endpoint would have to be served outside of it (RFC 9728, section 3.1). */
const publicUrl = z
  .string()
  .refine(
    (text) => text === "" || (isSafeUrl(text) && new URL(text).href === `${new URL(text).origin}/`),
    'must be an https URL without path, such as "https://mcp.example.com" (http only on this machine)',
  )
  .transform((text) => (text === "" ? null : new URL(text).origin));

const ON_OFF = ["on", "off"] as const;
const JURISDICTIONS = ["", "eu", "us", "fedramp", "fedramp-high"] as const;

/** The vars of wrangler.toml, each with its default. */
const schema = z.object({
  SESSION_IDLE_TIMEOUT_SECONDS: wholeNumber(1, 31_536_000).default(86_400),
  SESSION_MAX_AGE_SECONDS: wholeNumber(0, 31_536_000).default(0),
  MAX_SESSIONS_PER_PRINCIPAL: wholeNumber(0, 1_000_000).default(1000),
  REGISTRY_SHARDS: wholeNumber(1, MAX_REGISTRY_SHARDS).default(16),
  LOG_LEVEL: z.enum(LOG_LEVELS).default("info"),
  ALLOWED_HOSTS: hostList.default([]),
  ALLOWED_ORIGINS: hostList.default([]),
  PUBLIC_URL: publicUrl.default(null),
  SESSION_JURISDICTION: z.enum(JURISDICTIONS).default(""),
  RATE_LIMITS: z.enum(ON_OFF).default("on"),
  OPERATION_METRICS: z.enum(ON_OFF).default("on"),
  ...authVars,
});

/** The settings of one deployment, checked. */
export interface Config {
  /** Idle timeout of a session context, in milliseconds. A change applies to new contexts only. */
  readonly idleTimeoutMs: number;
  /** Maximum age of a context regardless of use, in milliseconds; 0 for no limit. A change applies to new contexts only. */
  readonly maxAgeMs: number;
  /** Active sessions that one known principal may have; 0 for no limit. Does not apply to anonymous callers. */
  readonly maxSessionsPerPrincipal: number;
  /** Number of registry objects. */
  readonly registryShards: number;
  readonly logLevel: LogLevel;
  /** Host names in addition to the defaults; the prefix `*.` matches subdomains. */
  readonly allowedHosts: readonly string[];
  readonly allowedOrigins: readonly string[];
  /** The origin by which clients reach this server behind a proxy or tunnel; null: the origin of each request. */
  readonly publicUrl: string | null;
  /** Where session data must stay; null leaves it to the platform. */
  readonly jurisdiction: DurableObjectJurisdiction | null;
  /** Whether the rate limits of wrangler.toml are enforced. */
  readonly rateLimited: boolean;
  /** How long an isolate counts finished calls before it reports them, in milliseconds; null: they are not counted. */
  readonly operationFlushMs: number | null;
  readonly auth: AuthConfig;
}

const parsedConfigs = new WeakMap<object, Config>();

/** The settings in a Worker's environment, parsed once per environment object. */
export function configOf(env: object): Config {
  let config = parsedConfigs.get(env);
  if (config === undefined) {
    config = parseConfig(env);
    parsedConfigs.set(env, config);
  }
  return config;
}

/**
 * Checks the vars and completes them with the defaults.
 * @throws Error with one line that names the bad variable, quotes its value unless that is secret, and says what is
 *   wanted. Called while the Worker starts, so that a bad value prevents the start and fails `wrangler deploy`.
 */
export function parseConfig(vars: object): Config {
  const misnamed = misnamedVar(vars, Object.keys(schema.shape));
  if (misnamed !== null) {
    const { name, meant } = misnamed;
    throw new Error(`Bad configuration: ${name} is not a setting. Rename it to ${meant}, or to a less similar name`);
  }
  const parsed = schema.safeParse(vars);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const name = String(issue?.path[0] ?? "configuration");
    const value = SECRET_VARS.includes(name) ? "" : ` is ${JSON.stringify((vars as Record<string, unknown>)[name])}:`;
    throw new Error(`Bad configuration: ${name}${value} ${issue?.message}. ${howToSet(name)}`);
  }
  const v = parsed.data;
  const auth = authConfigOf(v);
  if ("missing" in auth) {
    throw new Error(
      `Bad configuration: ${auth.missing} is empty: AUTH_MODE "${v.AUTH_MODE}" needs it. ${howToSet(auth.missing)}`,
    );
  }
  if ("unused" in auth) {
    const wanted = auth.unused === "AUTH_TOKENS" ? "token" : "jwt";
    throw new Error(
      `Bad configuration: ${auth.unused} is set, but AUTH_MODE is "none", which lets everybody in. Set AUTH_MODE to "${wanted}", or remove ${auth.unused}`,
    );
  }
  return {
    idleTimeoutMs: v.SESSION_IDLE_TIMEOUT_SECONDS * 1000,
    maxAgeMs: v.SESSION_MAX_AGE_SECONDS * 1000,
    maxSessionsPerPrincipal: v.MAX_SESSIONS_PER_PRINCIPAL,
    registryShards: v.REGISTRY_SHARDS,
    logLevel: v.LOG_LEVEL,
    // Some proxies forward the public Host, others do not. Pages at the public address are the server's own.
    allowedHosts: [...v.ALLOWED_HOSTS, ...hostsOf(v.PUBLIC_URL)],
    allowedOrigins: [...v.ALLOWED_ORIGINS, ...hostsOf(v.PUBLIC_URL)],
    publicUrl: v.PUBLIC_URL,
    jurisdiction: v.SESSION_JURISDICTION === "" ? null : v.SESSION_JURISDICTION,
    rateLimited: v.RATE_LIMITS === "on",
    operationFlushMs: v.OPERATION_METRICS === "on" ? OPERATIONS_FLUSH_MS : null,
    auth,
  };
}

const hostsOf = (url: string | null): string[] => (url === null ? [] : [new URL(url).hostname]);

function howToSet(name: string): string {
  if (name === "AUTH_TOKENS") {
    return 'Make an entry with "npm run token" and store it with "wrangler secret put AUTH_TOKENS"';
  }
  if (name === "OPERATOR_KEY") {
    return 'Make one with "openssl rand -hex 32" and store it with "wrangler secret put OPERATOR_KEY"';
  }
  return "Set it in wrangler.toml, [vars]";
}
