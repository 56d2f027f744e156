/**
 * `npm run token -- --principal alice --scopes sessions,admin` makes a token for AUTH_MODE token and prints what to store.
 * `--existing tokens.json` (or `-` for standard input) adds it to the current AUTH_TOKENS.
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { createToken } from "./create-token.ts";

const USAGE = "Usage: npm run token -- --principal NAME [--scopes sessions,admin] [--existing FILE or -]";

try {
  const { values } = parseArgs({
    options: {
      principal: { type: "string" },
      scopes: { type: "string", default: "sessions" },
      existing: { type: "string" },
    },
  });
  if (!values.principal) throw new Error(`--principal is missing: whose token is it?\n${USAGE}`);
  const scopes = values.scopes.split(",").map((scope) => scope.trim());
  const existing =
    values.existing === undefined ? "{}" : readFileSync(values.existing === "-" ? 0 : values.existing, "utf8");
  const { token, entry, secret } = await createToken(values.principal, scopes, existing);
  console.log(`Token for ${values.principal}, scopes ${scopes.join(" ")}. It is shown this once; give it to the client:

  ${token}

Its entry, which holds only the token's hash:

  ${entry}

Store the whole of AUTH_TOKENS (it cannot be read back later, so keep this line too):

  ${secret}

  npx wrangler secret put AUTH_TOKENS      and paste that line; AUTH_MODE must be "token"
  .dev.vars, for a local run:              AUTH_TOKENS='${secret}'

Connect:

  claude mcp add --transport http session-context https://YOUR-HOST/mcp --header "Authorization: Bearer ${"<token>"}"`);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
