import type { Result } from "../../model/failure.ts";
import type { AccessFailure } from "./access-failure.ts";
import type { Identity } from "./identity.ts";

/**
 * Verifies a token.
 * @param chargeAddress Charges the request to the client's address; false if the limit is exceeded. Called before any
 *   expensive check.
 */
export type Verifier = (
  token: string,
  chargeAddress: () => Promise<boolean>,
) => Promise<Result<Identity, AccessFailure>>;
