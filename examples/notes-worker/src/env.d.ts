import type { SessionContextService } from "mcp-session-context";

declare global {
  namespace Cloudflare {
    /** The bindings of wrangler.toml. */
    interface Env {
      readonly CONTEXT: SessionContextService;
    }
  }
}
