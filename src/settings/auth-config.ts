import * as z from "zod";
import { SCOPES } from "../model/scopes.ts";
import { commaList, isSafeUrl, wholeNumber } from "./var-forms.ts";

export const AUTH_MODES = ["none", "token", "jwt"] as const;

/** Asymmetric only: with a shared-secret algorithm a public key would pass for the secret (key confusion). */
const ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];

/** What a stored token stands for. */
export interface TokenGrant {
  readonly principal: string;
  readonly scopes: readonly string[];
}

export interface TokenAuth {
  readonly mode: "token";
  /** By the SHA-256 of the token, in lower-case hex. */
  readonly grants: ReadonlyMap<string, TokenGrant>;
}

export interface JwtAuth {
  readonly mode: "jwt";
  readonly issuer: string;
  /** The token must be meant for one of these. */
  readonly audiences: readonly string[];
  readonly jwksUrl: string;
  readonly algorithms: readonly string[];
  /** Values of the header `typ` that a token may have, normalized; `none` is a token without it. */
  readonly types: readonly string[];
  readonly clockToleranceSeconds: number;
  /** The request header that carries the token, in lower case. */
  readonly header: string;
  /** Claims that list scopes; all of them count. */
  readonly scopeClaims: readonly string[];
  /** Scopes of a token that has none of the scope claims. */
  readonly defaultScopes: readonly string[];
}

export interface NoAuth {
  readonly mode: "none";
  /** What opens dashboard, metrics and API, since nobody has a token; null: nothing does. */
  readonly operatorKey: string | null;
}

export type AuthConfig = NoAuth | TokenAuth | JwtAuth;

const scopeList = commaList.refine(
  (scopes) => scopes.every((scope) => (SCOPES as readonly string[]).includes(scope)),
  `must be one or more of the scopes ${SCOPES.join(", ")}, separated by commas`,
);

const safeUrl = z
  .string()
  .refine((text) => text === "" || isSafeUrl(text), 'must be an https URL without "|" (http only on this machine)');

/** Grants by token hash. No message names a key: somebody may have stored a token itself there. */
const tokenGrants = z.string().transform((text, context) => {
  const grants = new Map<string, TokenGrant>();
  if (text.trim() === "") return grants;
  const wrong = (message: string) => {
    context.addIssue({ code: "custom", message });
    return z.NEVER;
  };
  let entries: unknown;
  try {
    entries = JSON.parse(text);
  } catch {
    return wrong("must be a JSON object");
  }
  if (typeof entries !== "object" || entries === null || Array.isArray(entries)) return wrong("must be a JSON object");
  for (const [index, [hash, entry]] of Object.entries(entries).entries()) {
    if (!/^[0-9a-f]{64}$/i.test(hash)) {
      return wrong(`has an entry (number ${index + 1}) whose key is not the SHA-256 of a token, in 64 hex digits`);
    }
    const grant = grantSchema.safeParse(entry);
    if (!grant.success) {
      return wrong(
        `has an entry (number ${index + 1}) that is not {"principal": "name", "scopes": ["sessions"]}: want a name of 1 to 200 printable characters, and one or both of the scopes ${SCOPES.join(", ")}`,
      );
    }
    grants.set(hash.toLowerCase(), grant.data);
  }
  return grants;
});

const grantSchema = z.strictObject({
  principal: z.string().regex(/^[^\p{C}]{1,200}$/u),
  // A mistyped scope, or none, would only show when its owner is refused.
  scopes: z.array(z.enum(SCOPES)).min(1),
});

/** The vars and the two secrets of access control. */
export const authVars = {
  AUTH_MODE: z.enum(AUTH_MODES).default("none"),
  AUTH_TOKENS: tokenGrants.default(new Map()),
  OPERATOR_KEY: z
    .string()
    // Shorter ones can be guessed; there is no other way to a key than to try.
    .regex(/^([\x21-\x7e]{32,200})?$/, "must be 32 to 200 visible ASCII characters without spaces")
    .default(""),
  JWT_ISSUER: safeUrl.default(""),
  JWT_AUDIENCE: commaList.default([]),
  JWT_JWKS_URL: safeUrl.default(""),
  JWT_ALGORITHMS: commaList
    .refine(
      (names) => names.length > 0 && names.every((name) => ALGORITHMS.includes(name)),
      `must be one or more of ${ALGORITHMS.join(", ")}, separated by commas`,
    )
    .default(["RS256", "PS256", "ES256", "EdDSA"]),
  JWT_TYPES: commaList
    .transform((types) => types.map(normalizeTokenType))
    .refine(
      (types) => types.length > 0 && types.every((type) => /^[a-z0-9!#$&^_.+-]+$/.test(type)),
      'must be one or more types of tokens, separated by commas, such as "at+jwt, JWT, none"',
    )
    .default(["at+jwt", "jwt", "none"]),
  JWT_CLOCK_TOLERANCE_SECONDS: wholeNumber(0, 300).default(30),
  JWT_HEADER: z
    .string()
    .regex(/^[A-Za-z0-9-]+$/, "must be the name of a request header")
    .transform((name) => name.toLowerCase())
    .default("authorization"),
  JWT_SCOPE_CLAIMS: commaList.default(["scope", "scp"]),
  JWT_DEFAULT_SCOPES: scopeList.default([]),
};

/** Vars whose value must not appear anywhere. */
export const SECRET_VARS: readonly string[] = ["AUTH_TOKENS", "OPERATOR_KEY"];

type AuthVars = z.output<z.ZodObject<typeof authVars>>;

/** Why a mode cannot be used: a setting that it lacks, or one that says that another mode was meant. */
export type AuthFault = { readonly missing: string } | { readonly unused: string };

/** The mode chosen and what belongs to it. */
export function authConfigOf(v: AuthVars): AuthConfig | AuthFault {
  switch (v.AUTH_MODE) {
    case "none":
      // Whoever has set these believes that the server asks for tokens. It would be open.
      if (v.AUTH_TOKENS.size > 0) return { unused: "AUTH_TOKENS" };
      if (v.JWT_ISSUER !== "") return { unused: "JWT_ISSUER" };
      if (v.JWT_AUDIENCE.length > 0) return { unused: "JWT_AUDIENCE" };
      if (v.JWT_JWKS_URL !== "") return { unused: "JWT_JWKS_URL" };
      return { mode: "none", operatorKey: v.OPERATOR_KEY || null };
    case "token":
      return v.AUTH_TOKENS.size === 0 ? { missing: "AUTH_TOKENS" } : { mode: "token", grants: v.AUTH_TOKENS };
    case "jwt":
      if (v.JWT_ISSUER === "") return { missing: "JWT_ISSUER" };
      // Without an audience a token that the issuer made for any other service would do here.
      if (v.JWT_AUDIENCE.length === 0) return { missing: "JWT_AUDIENCE" };
      if (v.JWT_JWKS_URL === "") return { missing: "JWT_JWKS_URL" };
      return {
        mode: "jwt",
        issuer: v.JWT_ISSUER,
        audiences: v.JWT_AUDIENCE,
        jwksUrl: v.JWT_JWKS_URL,
        algorithms: v.JWT_ALGORITHMS,
        types: v.JWT_TYPES,
        clockToleranceSeconds: v.JWT_CLOCK_TOLERANCE_SECONDS,
        header: v.JWT_HEADER,
        scopeClaims: v.JWT_SCOPE_CLAIMS,
        defaultScopes: v.JWT_DEFAULT_SCOPES,
      };
  }
}

/** A token's type without the `application/` that may be left out (RFC 7515, section 4.1.9), in lower case. */
export const normalizeTokenType = (typ: string): string => typ.toLowerCase().replace(/^application\//, "");
