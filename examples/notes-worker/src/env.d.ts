import type { SessionService } from "mcp-session-context";

declare global {
  namespace Cloudflare {
    /** The bindings of wrangler.toml. */
    interface Env {
      readonly CONTEXT: SessionService;
    }
  }
}
