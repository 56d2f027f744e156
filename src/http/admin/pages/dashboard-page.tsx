/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { AuthConfig } from "../../../settings/auth-config.ts";
import { PageLayout } from "./layout.tsx";

/**
 * How a browser authenticates: with the operator key, with a token that the user types in, or with a token that a proxy
 * adds.
 */
export type SignIn = "key" | "token" | "proxy";

export const signInOf = (auth: AuthConfig): SignIn =>
  auth.mode === "none" ? "key" : auth.mode === "jwt" && auth.header !== "authorization" ? "proxy" : "token";

/** The frame of the dashboard. It is public because it holds no figures; they are loaded by a separate request. */
export const DashboardPage = ({ version, signIn }: { version: string; signIn: SignIn }) => (
  <PageLayout title="Dashboard – Session context" script="dashboard.js" version={version}>
    <main class="wide" data-sign-in={signIn}>
      <header class="bar">
        <h1>Dashboard</h1>
        <button type="button" class="quiet" id="sign-out" hidden>
          Sign out
        </button>
      </header>
      <p id="said" role="status" />
      <noscript>
        <p class="warning">The dashboard needs JavaScript. The same figures are in /metrics and /api/sessions.</p>
      </noscript>

      <form id="sign-in" hidden>
        <label for="token">{signIn === "key" ? "Operator key" : "Token with the scope admin"}</label>
        <div class="field">
          <input id="token" type="password" autocomplete="off" spellcheck={false} required />
          <button type="submit">Sign in</button>
        </div>
        <p class="note">It stays in this tab until you close it or sign out.</p>
      </form>

      <div id="live" hidden>
        <div data-part="count" />
        <section aria-labelledby="sessions-title">
          <div class="bar">
            <h2 id="sessions-title" tabindex={-1}>
              Sessions
            </h2>
            <form id="filter">
              <label for="principal">Principal</label>
              <input id="principal" type="search" placeholder="all" autocomplete="off" spellcheck={false} />
              <button type="submit" class="quiet">
                Show
              </button>
            </form>
          </div>
          <div data-part="sessions" />
        </section>
        <div data-part="history" />
        <div data-part="places" />
      </div>

      <dialog id="confirm" aria-labelledby="confirm-title">
        <h2 id="confirm-title">End this session?</h2>
        <p>
          <code id="confirm-session" /> of <strong id="confirm-principal" />
        </p>
        <p>Its context is deleted immediately. The client can start a new one under the same ID.</p>
        <div class="pager">
          <button type="button" class="quiet" id="confirm-no">
            Cancel
          </button>
          <button type="button" id="confirm-yes">
            End session
          </button>
        </div>
      </dialog>
    </main>
  </PageLayout>
);
