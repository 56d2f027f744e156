/** @jsxRuntime automatic @jsxImportSource hono/jsx */

import { shardNames } from "../../../registry/layout.ts";
import type { AuthConfig } from "../../../settings/auth-config.ts";
import { PageLayout } from "./layout.tsx";
import type { Snippet } from "./snippets.ts";

interface StatusProps {
  readonly version: string;
  readonly endpoint: string;
  readonly mode: AuthConfig["mode"];
  /** Whether only this machine can reach the server. */
  readonly isLocal: boolean;
  /** Registry shards that do not respond. */
  readonly missing: readonly number[];
  readonly snippets: readonly Snippet[];
}

const MODES: Record<AuthConfig["mode"], string> = {
  none: "None: anyone who can reach this server may use it, and a session ID is the only key to a session",
  token: "Token: callers present a token that the operator of this server has given them",
  jwt: "Sign-in: callers present a token of this server's identity provider, which MCP clients find by themselves",
};

export const StatusPage = ({ version, endpoint, mode, isLocal, missing, snippets }: StatusProps) => (
  <PageLayout title="Session context" script="status.js" version={version}>
    <main>
      <header>
        <h1>Session context</h1>
        <p class="lead">
          A remote MCP server that remembers the working directory and project of each conversation separately. A
          context is deleted when it has been idle too long, or when it is ended.
        </p>
      </header>

      {mode === "none" && !isLocal && (
        <p class="warning" role="note">
          <strong>This server is open.</strong> Anyone who finds its address can use it and run up its bill. Set{" "}
          <code>AUTH_MODE</code> to <code>token</code> or <code>jwt</code>.
        </p>
      )}

      <dl class="facts">
        <div>
          <dt>Health</dt>
          <dd class={missing.length === 0 ? "good" : "bad"} id="health">
            {missing.length === 0
              ? "Healthy: all registry shards responding"
              : `Degraded: ${shardNames(missing)} not responding`}
          </dd>
        </div>
        <div>
          <dt>Endpoint</dt>
          <dd>
            <code id="endpoint">{endpoint}</code>
            <button type="button" class="quiet" data-copy="endpoint" hidden>
              Copy
            </button>
          </dd>
        </div>
        <div>
          <dt>Protocol</dt>
          <dd>
            Both eras of MCP: 2025-03-26 to 2025-11-25, with the session in a header, and 2026-07-28, with the session
            in an argument
          </dd>
        </div>
        <div>
          <dt>Access</dt>
          <dd>{MODES[mode]}</dd>
        </div>
      </dl>

      <section aria-labelledby="connect">
        <h2 id="connect">Connect</h2>
        {snippets.map(({ client, steps, text }, i) => (
          <details name="client" open={i === 0}>
            <summary>{client}</summary>
            <div class="bar">
              <p>{steps}</p>
              <button type="button" class="quiet" data-copy={`snippet-${i}`} aria-label={`Copy for ${client}`} hidden>
                Copy
              </button>
            </div>
            {/* Scrollable areas must be reachable by keyboard. */}
            <section class="code" tabindex={0} aria-label={`For ${client}`}>
              <pre id={`snippet-${i}`}>{text}</pre>
            </section>
          </details>
        ))}
      </section>
      <p id="said" role="status" class="visually-hidden" />
    </main>
  </PageLayout>
);
