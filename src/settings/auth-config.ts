import * as z from "zod";
import { SCOPES } from "../model/scopes.ts";
import { commaList, isSafeUrl, wholeNumber } from "./var-forms.ts";

export const AUTH_MODES = ["none", "token", "jwt"] as const;

/** Asymmetric only: with a shared-secret algorithm, a public key could be used as the secret (key confusion). */
const ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];

/** The principal and scopes of a stored token. */
export interface TokenGrant {
  readonly principal: string;
  readonly scopes: readonly string[];
}

export interface TokenAuth {
  readonly mode: "token";
  /** Keyed by the SHA-256 of the token, in lower-case hex. */
  readonly grants: ReadonlyMap<string, TokenGrant>;
}

export interface JwtAuth {
  readonly mode: "jwt";
  readonly issuer: string;
  /** The audience of a token must include one of these. */
  readonly audiences: readonly string[];
  readonly jwksUrl: string;
  readonly algorithms: readonly string[];
  /** Accepted values of the header `typ`, normalized; `none` accepts a token without it. */
  readonly types: readonly string[];
  readonly clockToleranceSeconds: number;
  /** The request header that carries the token, in lower case. */
  readonly header: string;
  /** Claims that list scopes; the scopes of all are combined. */
  readonly scopeClaims: readonly string[];
  /** Scopes of a token that has none of the scope claims. */
  readonly defaultScopes: readonly string[];
}

export interface NoAuth {
  readonly mode: "none";
  /** The key for dashboard, metrics and API, since this mode has no tokens; null: they are closed. */
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

/** Grants by token hash. No message quotes a key: it may be a token stored there by mistake. */
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
  // Otherwise a mistyped or missing scope would only be noticed when its owner is refused.
  scopes: z.array(z.enum(SCOPES)).min(1),
});

/** The vars and the two secrets of access control. */
export const authVars = {
  AUTH_MODE: z.enum(AUTH_MODES).default("none"),
  AUTH_TOKENS: tokenGrants.default(new Map()),
  OPERATOR_KEY: z
    .string()
    // Shorter keys could be guessed by trying.
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

/** Vars whose values must not appear in messages. */
export const SECRET_VARS: readonly string[] = ["AUTH_TOKENS", "OPERATOR_KEY"];

type AuthVars = z.output<z.ZodObject<typeof authVars>>;

/** Why a mode cannot be used: a setting that it lacks, or one that implies another mode. */
export type AuthFault = { readonly missing: string } | { readonly unused: string };

/** The chosen mode with its settings. */
export function authConfigOf(v: AuthVars): AuthConfig | AuthFault {
  switch (v.AUTH_MODE) {
    case "none":
      // These settings imply that the server should require tokens, but it would be open.
      if (v.AUTH_TOKENS.size > 0) return { unused: "AUTH_TOKENS" };
      if (v.JWT_ISSUER !== "") return { unused: "JWT_ISSUER" };
      if (v.JWT_AUDIENCE.length > 0) return { unused: "JWT_AUDIENCE" };
      if (v.JWT_JWKS_URL !== "") return { unused: "JWT_JWKS_URL" };
      return { mode: "none", operatorKey: v.OPERATOR_KEY || null };
    case "token":
      return v.AUTH_TOKENS.size === 0 ? { missing: "AUTH_TOKENS" } : { mode: "token", grants: v.AUTH_TOKENS };
    case "jwt":
      if (v.JWT_ISSUER === "") return { missing: "JWT_ISSUER" };
      // Without an audience, a token that the issuer made for any other service would be accepted here.
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

/** A token's type without the optional prefix `application/` (RFC 7515, section 4.1.9), in lower case. */
export const normalizeTokenType = (typ: string): string => typ.toLowerCase().replace(/^application\//, "");
