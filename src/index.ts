import { sessionApp } from "./http/app.ts";
import { buildServer, SERVER_INFO, TOOLS } from "./server/server.ts";

export { ProjectCatalog } from "./projects/project-catalog.ts";
export { SessionRegistry } from "./registry/session-registry.ts";
export { SessionEntrypoint } from "./rpc/session-entrypoint.ts";
export { SessionObject } from "./session/session-object.ts";

// No tool of this server sends anything before its result.
export default sessionApp({ buildServer, streaming: false, direct: { tools: TOOLS, serverInfo: SERVER_INFO } });
