/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { PropsWithChildren } from "hono/jsx";

/** A circle in the accent colour. Without an icon, browsers request one that does not exist. */
const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Ccircle cx='8' cy='8' r='6' fill='%230b7a75'/%3E%3C/svg%3E";

/** Scripts and styles come only from files on this server: nothing that is injected into a page can run. */
export const PAGE_POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "connect-src 'self'",
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

interface LayoutProps {
  readonly title: string;
  readonly script: string;
  readonly version: string;
}

export const PageLayout = ({ title, script, version, children }: PropsWithChildren<LayoutProps>) => (
  <html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content="light dark" />
      <title>{title}</title>
      <link rel="icon" href={ICON} />
      <link rel="stylesheet" href="/assets/pages.css" />
      <script src={`/assets/${script}`} type="module" />
    </head>
    <body>
      {children}
      <footer>
        <p>
          mcp-session-context {version} · <a href="/">Status</a> · <a href="/dashboard">Dashboard</a> ·{" "}
          <a href="/openapi.json">API</a>
        </p>
      </footer>
    </body>
  </html>
);
