import type { Result } from "../../model/failure.ts";
import type { AccessFailure } from "./access-failure.ts";
import type { Identity } from "./identity.ts";

/**
 * Checks a token.
 * @param chargeAddress Charges the request to the client's address; false if that is one too many. Called before a token is
 *   verified at any cost.
 */
export type Verifier = (
  token: string,
  chargeAddress: () => Promise<boolean>,
) => Promise<Result<Identity, AccessFailure>>;
