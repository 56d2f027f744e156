/** Runs this Worker as a separate process: `wrangler dev`, which embeds Miniflare and starts workerd as a child. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";

const root = fileURLToPath(new URL("../..", import.meta.url));
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 10_000;

export interface ServerOptions {
  /** 0 or absent picks a free one. */
  readonly port?: number;
  /** Folder that keeps the Durable Objects' storage across restarts. If absent, storage lasts until the server stops. */
  readonly persistTo?: string;
  /** Vars that override those of wrangler.toml. Other processes can read them: they are command-line arguments. */
  readonly vars?: Readonly<Record<string, string>>;
  /** Secrets, which override those of .dev.vars. Passed in a file that only this user can read. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Main module that replaces the one in wrangler.toml. */
  readonly main?: string;
  /** Other wrangler.toml files. The first Worker is served; the others are available for its bindings. */
  readonly config?: string | readonly string[];
  /** Receives what the server prints, without colours. */
  readonly onOutput?: (text: string) => void;
}

export interface RunningServer {
  /** Without a slash at the end. */
  readonly url: string;
  /** Everything printed so far, without colours. */
  output(): string;
  /** Ends the server and its children. SIGKILL gives them no chance to clean up. Resolves when they are gone. */
  stop(signal?: "SIGTERM" | "SIGKILL"): Promise<void>;
  /** Resolves when the process has ended for whatever reason. */
  readonly exited: Promise<void>;
}

/**
 * Starts the server and waits until it answers. The server ends with this process, however that ends.
 * @throws Error if the server ends before it answers, or takes over a minute. The message is the one line about a bad
 *   setting or a port in use if that is the cause, else the whole output.
 */
export async function startServer(options: ServerOptions = {}): Promise<RunningServer> {
  const folder = mkdtempSync(join(tmpdir(), "mcp-session-context-"));
  const scratch = join(folder, "tmp");
  mkdirSync(scratch);
  const secrets = join(folder, "secrets");
  const lines = Object.entries(options.secrets ?? {}).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(secrets, lines.join(""), { mode: 0o600 });
  const child = spawn(process.execPath, commandLine(options, join(folder, "state"), secrets), {
    cwd: root,
    // Its own process group, so that workerd, its child, ends with it.
    detached: true,
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: {
      ...process.env,
      WRANGLER_SEND_METRICS: "false",
      CLOUDFLARE_CF_FETCH_ENABLED: "false",
      // wrangler's explorer lets anybody read and write the SQL of every object.
      X_LOCAL_EXPLORER: "false",
      // None: for the registry of local Workers, workerd opens a port through which any local process can call every object.
      WRANGLER_REGISTRY_PATH: "",
      // The banner reports a newer version, for which wrangler would query the npm registry at each start.
      WRANGLER_HIDE_BANNER: "true",
      CI: "1",
      // A killed server leaves its scratch files behind; this puts them where they are removed.
      TMPDIR: scratch,
    },
  });
  running.set(child, folder);
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));

  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      const plain = stripVTControlCharacters(text);
      output += plain;
      options.onOutput?.(plain);
    });
  }
  // wrangler reports the port to its parent, so no other process can take the port in between.
  let url: string | null = null;
  child.on("message", (message) => {
    const { event, port } = JSON.parse(String(message)) as { event?: string; port?: number };
    if (event === "DEV_SERVER_READY") url = `http://127.0.0.1:${port}`;
  });

  const stop = async (signal: "SIGTERM" | "SIGKILL" = "SIGTERM") => {
    killGroup(child, signal);
    const patience = setTimeout(() => killGroup(child, "SIGKILL"), STOP_TIMEOUT_MS);
    await exited;
    clearTimeout(patience);
    remove(child, folder);
  };

  const deadline = Date.now() + START_TIMEOUT_MS;
  while (url === null || !(await answers(url))) {
    const ended = child.exitCode !== null || child.signalCode !== null;
    // If the Worker fails to start, wrangler does not exit but waits for a change of the source.
    if (ended || Date.now() > deadline || START_FAILURE.test(output)) {
      await stop("SIGKILL");
      throw new Error(PLAIN_CAUSE.exec(output)?.[0] ?? `The server did not start:\n${output}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { url, output: () => output, stop, exited };
}

/** wrangler's output, up to the end of the line, when the Worker throws during startup. */
const START_FAILURE = /(Uncaught \w*Error|runtime failed to start).*\n/i;

/** Causes that one line explains; the rest of the output would only hide it. */
const PLAIN_CAUSE = /(Bad configuration: |Address already in use).*/;

function commandLine(
  { port = 0, persistTo, vars = {}, secrets, main, config }: ServerOptions,
  ownState: string,
  secretsFile: string,
): string[] {
  return [
    "--no-warnings",
    "--import",
    new URL("end-with-parent.ts", import.meta.url).href,
    // Not bin/wrangler.js, which would start this as a child process.
    join(root, "node_modules/wrangler/wrangler-dist/cli.js"),
    "dev",
    ...[main ?? []].flat(),
    ...["--ip", "127.0.0.1", "--port", String(port), "--inspector-port", "0"],
    "--show-interactive-dev-session=false",
    ...["--persist-to", persistTo ?? ownState],
    ...[config ?? []].flat().flatMap((path) => ["--config", path]),
    ...Object.entries(vars).flatMap(([name, value]) => ["--var", `${name}:${value}`]),
    // With an explicit file, wrangler reads no default ones, so list those too. The spelling is deliberate: Node takes
    // `--env-file` for itself, even after a script.
    ...(secrets === undefined ? [] : [...usualSecrets(), secretsFile].flatMap((file) => ["--envFile", file])),
  ];
}

/** Chosen as wrangler does: .dev.vars, or else .env and .env.local. */
const usualSecrets = () =>
  existsSync(join(root, ".dev.vars")) ? [join(root, ".dev.vars")] : [join(root, ".env"), join(root, ".env.local")];

/** Running servers and their folders: ended and removed with this process, also when it fails. */
const running = new Map<ChildProcess, string>();
process.once("exit", () => {
  for (const [child, folder] of running) remove(child, folder);
});

/** Ends the rest of the process group, which can outlive its leader for a moment, and then removes the folder. */
function remove(child: ChildProcess, folder: string): void {
  killGroup(child, "SIGKILL");
  running.delete(child);
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal);
  } catch {
    // Already gone.
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    // Not every Worker has this route; a 404 also counts as an answer.
    return (await fetch(`${url}/healthz`)).status < 500;
  } catch {
    return false;
  }
}
