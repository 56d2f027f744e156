import type { Principal } from "../../model/principal.ts";

/** The caller of an HTTP request, as authenticated. */
export interface Identity {
  readonly principal: Principal;
  readonly scopes: readonly string[];
}
