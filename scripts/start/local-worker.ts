/** The Worker as run by `npm start`: serves only requests that came through front-door.ts. */
import worker from "../../src/index.ts";

export * from "../../src/index.ts";

interface LocalEnv extends Env {
  readonly LOCAL_DOOR_KEY: string;
}

export default {
  fetch(request, env, ctx) {
    // Browsers on this machine can reach wrangler's own ports, where a client can still forge its Host.
    if (request.headers.get("x-front-door-key") === env.LOCAL_DOOR_KEY) return worker.fetch(request, env, ctx);
    return Response.json(
      { error: "This port is internal. Use the address that npm start has printed" },
      { status: 403 },
    );
  },
} satisfies ExportedHandler<LocalEnv>;
