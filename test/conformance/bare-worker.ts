/** The fixture server on the SDK's own handler and checks, without the session layer. */
import {
  createMcpHandler,
  hostHeaderValidationResponse,
  localhostAllowedHostnames,
  localhostAllowedOrigins,
  originValidationResponse,
} from "@modelcontextprotocol/server";
import { buildFixture } from "./fixture/server.ts";

const handler = createMcpHandler(({ era }) => buildFixture(era));

export default {
  async fetch(request: Request): Promise<Response> {
    const refused =
      hostHeaderValidationResponse(request, localhostAllowedHostnames()) ??
      originValidationResponse(request, localhostAllowedOrigins());
    if (refused !== undefined) return refused;
    return new URL(request.url).pathname === "/healthz" ? new Response("ok") : handler.fetch(request);
  },
};
