import {
  getOAuthProtectedResourceMetadataUrl,
  type OAuthProtectedResourceMetadata,
} from "@modelcontextprotocol/server";
import { PUBLISHED_SCOPES } from "../../model/scopes.ts";
import type { AuthConfig } from "../../settings/auth-config.ts";
import type { Config } from "../../settings/config.ts";
import { baseUrlOf } from "../edge/base-url.ts";

type Settings = Pick<Config, "auth" | "publicUrl">;

/** Paths at which clients look for the metadata: for the endpoint (RFC 9728, section 3.1) and for the host. */
export const METADATA_PATHS = ["/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-protected-resource"];

/**
 * URL of the metadata, or null if clients have no authorization server to use: static tokens are not issued by one, and
 * a token in a custom header is obtained by the proxy that adds it.
 */
export const resourceMetadataUrl = (config: Settings, request: Request): string | null =>
  hasDiscovery(config.auth) ? getOAuthProtectedResourceMetadataUrl(endpointOf(config, request)) : null;

/**
 * Protected-resource metadata (RFC 9728): the issuer from which a client requests a token, and the scopes. Null if
 * there is nothing to discover.
 */
export function resourceMetadata(config: Settings, request: Request): OAuthProtectedResourceMetadata | null {
  const { auth } = config;
  if (auth.mode !== "jwt" || !hasDiscovery(auth)) return null;
  return {
    resource: endpointOf(config, request).href,
    authorization_servers: [auth.issuer],
    scopes_supported: [...PUBLISHED_SCOPES],
    bearer_methods_supported: ["header"],
    resource_name: "Session context",
  };
}

const hasDiscovery = (auth: AuthConfig): boolean => auth.mode === "jwt" && auth.header === "authorization";

const endpointOf = (config: Settings, request: Request): URL => new URL("/mcp", baseUrlOf(config, request));
