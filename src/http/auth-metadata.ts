import {
  getOAuthProtectedResourceMetadataUrl,
  type OAuthProtectedResourceMetadata,
} from "@modelcontextprotocol/server";
import type { AuthConfig } from "../auth-config.ts";
import { PUBLISHED_SCOPES } from "../scopes.ts";

/** Where clients look for the metadata: for the endpoint's own path (RFC 9728, section 3.1), and for the host. */
export const METADATA_PATHS = ["/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-protected-resource"];

/**
 * The address of the metadata, or null where there is no authorization server to lead to: static tokens come from none,
 * and a token in a header of its own is fetched by the proxy that puts it there.
 */
export const resourceMetadataUrl = (auth: AuthConfig, request: Request): string | null =>
  hasDiscovery(auth) ? getOAuthProtectedResourceMetadataUrl(endpointOf(request)) : null;

/** Protected-resource metadata (RFC 9728): which issuer a client has to ask for a token, and for which scopes. */
export function resourceMetadata(auth: AuthConfig, request: Request): OAuthProtectedResourceMetadata | null {
  if (auth.mode !== "jwt" || !hasDiscovery(auth)) return null;
  return {
    resource: endpointOf(request).href,
    authorization_servers: [auth.issuer],
    scopes_supported: [...PUBLISHED_SCOPES],
    bearer_methods_supported: ["header"],
    resource_name: "Session context",
  };
}

const hasDiscovery = (auth: AuthConfig): boolean => auth.mode === "jwt" && auth.header === "authorization";

/** The host has been checked against the allow-list before this is asked. */
const endpointOf = (request: Request): URL => new URL("/mcp", request.url);
