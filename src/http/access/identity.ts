import type { Principal } from "../../model/principal.ts";

/** Who calls, as far as HTTP can tell. */
export interface Identity {
  readonly principal: Principal;
  readonly scopes: readonly string[];
}
