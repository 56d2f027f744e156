/** The Worker as `npm start` runs it: it serves what came through front-door.ts, and nothing else. */
import worker from "../../src/index.ts";

export * from "../../src/index.ts";

interface LocalEnv extends Env {
  readonly LOCAL_DOOR_KEY: string;
}

export default {
  fetch(request, env, ctx) {
    // wrangler's own ports are open to this machine's browsers, and there a client can still say what its Host was.
    if (request.headers.get("x-front-door-key") === env.LOCAL_DOOR_KEY) return worker.fetch(request, env, ctx);
    return Response.json(
      { error: "This port is internal. Use the address that npm start has printed" },
      { status: 403 },
    );
  },
} satisfies ExportedHandler<LocalEnv>;
