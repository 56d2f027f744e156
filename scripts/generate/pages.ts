/**
 * `npm run pages` builds browser/ into src/http/admin/pages/assets.ts, so that the Worker can serve it without separate asset
 * files. `--check` fails if that is out of date.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("../..", import.meta.url));
const target = `${root}src/http/admin/pages/assets.ts`;

const SOURCES = { "pages.css": "text/css", "status.js": "text/javascript", "dashboard.js": "text/javascript" };

const assets: Record<string, { type: string; text: string }> = {};
for (const [name, type] of Object.entries(SOURCES)) {
  const source = `${root}browser/${name.replace(/\.js$/, ".ts")}`;
  const { outputFiles } = await build({
    entryPoints: [source],
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    target: ["es2022", "chrome111", "firefox113", "safari16.4"],
  });
  assets[name] = { type: `${type}; charset=utf-8`, text: outputFiles[0]?.text.trim() ?? "" };
}

const text = `// Generated from browser/ by npm run pages.
export const ASSETS: Readonly<Record<string, { readonly type: string; readonly text: string }>> = ${JSON.stringify(assets, null, 2)};
`;

if (!process.argv.includes("--check")) {
  writeFileSync(target, text);
} else if (readFileSync(target, "utf8") !== text) {
  console.error("src/http/admin/pages/assets.ts is out of date: run npm run pages");
  process.exitCode = 1;
}
