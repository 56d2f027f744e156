/** An OAuth 2.1 authorization server on this machine: oidc-provider, with a user who consents to everything at once. */
import { createServer } from "node:http";
import { exportJWK, generateKeyPair } from "jose";
import Provider from "oidc-provider";
/** Starts one that issues JWTs to clients that register themselves. */
export async function startAuthorizationServer(options) {
  const { audience, resource, accessTokenSeconds } = options;
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "localhost", resolve));
  const issuer = `http://localhost:${server.address().port}`;
  const { privateKey } = await generateKeyPair("RS256", { extractable: true });
  const provider = new Provider(issuer, {
    jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: "first", use: "sig", alg: "RS256" }] },
    cookies: { keys: [crypto.randomUUID()] },
    scopes: ["openid", "offline_access", "sessions", "admin"],
    findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    issueRefreshToken: async () => true,
    ttl: { Grant: 3600, Interaction: 600, Session: 3600, RefreshToken: 3600 },
    features: {
      devInteractions: { enabled: false },
      registration: { enabled: true },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: async () => true,
        getResourceServerInfo: (_ctx, indicator) => {
          if (indicator !== resource()) throw new Error(`No such resource: ${indicator}`);
          return {
            scope: "sessions admin",
            audience,
            accessTokenTTL: accessTokenSeconds,
            accessTokenFormat: "jwt",
            jwt: { sign: { alg: "RS256" } },
          };
        },
      },
    },
  });
  const grants = {};
  provider.on("grant.success", (ctx) => {
    const type = String(ctx.oidc.params?.grant_type);
    grants[type] = (grants[type] ?? 0) + 1;
  });
  const serve = provider.callback();
  server.on("request", (request, response) => {
    if (request.url?.startsWith("/interaction/")) void consent(provider, request, response);
    else void serve(request, response);
  });
  return {
    issuer,
    jwksUrl: `${issuer}/jwks`,
    grants,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
/** What a person would do on the login and consent pages. */
async function consent(provider, request, response) {
  const { prompt, params, grantId } = await provider.interactionDetails(request, response);
  if (prompt.name === "login") {
    return provider.interactionFinished(request, response, { login: { accountId: "alice" } });
  }
  const grant =
    (grantId && (await provider.Grant.find(grantId))) ||
    new provider.Grant({ accountId: "alice", clientId: String(params.client_id) });
  grant.addOIDCScope(String(params.scope ?? ""));
  grant.addResourceScope(String(params.resource), String(params.scope ?? ""));
  await provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } });
}
