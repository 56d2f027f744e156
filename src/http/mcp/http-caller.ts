import type { Caller, Era } from "../../call/caller.ts";
import { type Region, regionOfRequest } from "../../registry/shard-of.ts";
import type { Identity } from "../access/identity.ts";

/**
 * The caller of an HTTP request. `region` and `userAgent` are read only on demand: few tools need them, and the
 * platform parses `cf` on each access.
 */
export class HttpCaller implements Caller {
  readonly era: Era;
  readonly principal: string;
  readonly scopes: readonly string[];
  readonly #request: Request;

  constructor(era: Era, { principal, scopes }: Identity, request: Request) {
    this.era = era;
    this.principal = principal;
    this.scopes = scopes;
    this.#request = request;
  }

  get region(): Region | null {
    return regionOfRequest(this.#request.cf as Record<string, unknown> | undefined);
  }

  get userAgent(): string | null {
    return this.#request.headers.get("user-agent");
  }
}
