import type { Result } from "../failure.ts";
import type { Principal } from "../session/session-context.ts";
import type { AccessFailure } from "./access-failure.ts";

/** Who calls, as far as HTTP can tell. */
export interface Identity {
  readonly principal: Principal;
  readonly scopes: readonly string[];
}

/**
 * Checks a token.
 * @param chargeAddress Charges the request to the client's address; false if that is one too many. Called before a token is
 *   verified at any cost.
 */
export type Verifier = (
  token: string,
  chargeAddress: () => Promise<boolean>,
) => Promise<Result<Identity, AccessFailure>>;
