import { env } from "cloudflare:workers";
import { parseConfig } from "./config.ts";
import { createApp } from "./http/app.ts";
import { buildServer } from "./mcp/server.ts";

export { ProjectCatalog } from "./projects/project-catalog.ts";
export { SessionRegistry } from "./registry/session-registry.ts";
export { SessionObject } from "./session/session-object.ts";

// At start-up, so that a bad setting stops the Worker, and `wrangler deploy`, instead of the first request.
export default createApp({ config: parseConfig(env), buildServer });
