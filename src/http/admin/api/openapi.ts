import * as z from "zod";
import type { AuthConfig } from "../../../settings/auth-config.ts";
import type { Config } from "../../../settings/config.ts";
import { countSchema, endedSchema, errorSchema, sessionPageSchema } from "./schemas.ts";

/** The OpenAPI document of the JSON API, generated from the response schemas. It is the same for every caller. */
export function openApiDocument({ auth, publicUrl }: Pick<Config, "auth" | "publicUrl">, version: string) {
  const answers = (schema: z.ZodType, refusals: Record<string, string> = {}) => ({
    "200": { description: "OK", content: { "application/json": { schema: jsonSchema(schema) } } },
    ...Object.fromEntries(
      Object.entries({ ...REFUSALS, ...refusals }).map(([status, description]) => [status, { description }]),
    ),
  });
  return {
    openapi: "3.1.0",
    info: { title: "Session context", version, description: "Figures and sessions of the whole server. Scope: admin." },
    // Without PUBLIC_URL, relative to the URL of the document.
    servers: [{ url: publicUrl ?? "/" }],
    security: [{ admin: [] }],
    components: { securitySchemes: { admin: securityOf(auth) }, schemas: { Error: jsonSchema(errorSchema) } },
    paths: {
      "/api/sessions/count": {
        get: { operationId: "countSessions", summary: "How many sessions are active", responses: answers(countSchema) },
      },
      "/api/sessions": {
        get: {
          operationId: "listSessions",
          summary: "Active sessions, newest first, in pages",
          parameters: [
            parameter("principal", "query", "Only sessions of exactly this principal"),
            parameter("cursor", "query", "next_cursor of an earlier page"),
          ],
          responses: answers(sessionPageSchema, { "400": "The cursor is invalid" }),
        },
      },
      "/api/sessions/{id}": {
        delete: {
          operationId: "endSession",
          summary: "Ends the context of any session. The ID stays usable",
          parameters: [{ ...parameter("id", "path", "The session id, in full"), required: true }],
          responses: answers(endedSchema, { "404": "No session of this server has this id" }),
        },
      },
      "/metrics": {
        get: {
          operationId: "metrics",
          summary: "The figures for Prometheus",
          responses: {
            "200": { description: "OK", content: { "text/plain": { schema: { type: "string" } } } },
          },
        },
      },
    },
  };
}

const REFUSALS = {
  "401": "No token or operator key, or one that is not accepted",
  "403": "The token lacks the scope admin; or AUTH_MODE is none and no OPERATOR_KEY is set",
  "429": "Too many requests",
  "503": "The count is incomplete because a registry shard did not respond, or the session did not",
};

const parameter = (name: string, where: "query" | "path", description: string) => ({
  name,
  in: where,
  description,
  schema: { type: "string" },
});

function securityOf(auth: AuthConfig): object {
  if (auth.mode === "jwt" && auth.header !== "authorization")
    return { type: "apiKey", in: "header", name: auth.header };
  return { type: "http", scheme: "bearer" };
}

function jsonSchema(schema: z.ZodType): object {
  // OpenAPI 3.1 uses JSON Schema 2020-12 by default, so `$schema` is redundant.
  const { $schema: _, ...json } = z.toJSONSchema(schema);
  return json;
}

/** The response of `GET /api`: an overview of the routes in the document. */
export function apiIndex(config: Pick<Config, "auth" | "publicUrl">, version: string): ApiIndexJson {
  const { info, paths } = openApiDocument(config, version);
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { summary }]) => ({ method: method.toUpperCase(), path, summary })),
  );
  return { description: info.description, openapi: `${config.publicUrl ?? ""}/openapi.json`, routes };
}

interface ApiIndexJson {
  readonly description: string;
  readonly openapi: string;
  readonly routes: readonly { readonly method: string; readonly path: string; readonly summary: string }[];
}
