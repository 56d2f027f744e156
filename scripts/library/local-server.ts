/** Runs this Worker as a process of its own: `wrangler dev`, which embeds Miniflare and starts workerd as a child. */
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
  /** Folder that keeps the Durable Objects' storage across restarts; absent keeps it only until the server stops. */
  readonly persistTo?: string;
  /** Vars that override those of wrangler.toml. Other processes can read them: they are arguments of a command. */
  readonly vars?: Readonly<Record<string, string>>;
  /** Secrets, which override those of .dev.vars and go in a file that only this user can read. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Another main module than that of wrangler.toml. */
  readonly main?: string;
  /** Another wrangler.toml than this project's; of several Workers the first one is served, the others it can bind. */
  readonly config?: string | readonly string[];
  /** Receives what the server prints, without colours. */
  readonly onOutput?: (text: string) => void;
}

export interface RunningServer {
  /** Without a slash at the end. */
  readonly url: string;
  /** Everything printed so far, without colours. */
  output(): string;
  /** Ends the server and its children. SIGKILL leaves them no chance to tidy up. Resolves when they are gone. */
  stop(signal?: "SIGTERM" | "SIGKILL"): Promise<void>;
  /** Resolves when the process has ended, by itself or not. */
  readonly exited: Promise<void>;
}

/**
 * Starts the server and waits until it answers. It ends with this process, however that ends.
 * @throws Error if the server ends before it answers, or takes a minute. The message is the one line about a bad setting
 *   or a port in use if that is what stopped it, else all that it printed.
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
    // A process group of its own, so that workerd, its child, is ended with it.
    detached: true,
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: {
      ...process.env,
      WRANGLER_SEND_METRICS: "false",
      CLOUDFLARE_CF_FETCH_ENABLED: "false",
      // wrangler's explorer reads and writes every object's SQL for whoever asks.
      X_LOCAL_EXPLORER: "false",
      // None: for the registry of local Workers workerd opens a port by which any process here can call every object.
      WRANGLER_REGISTRY_PATH: "",
      // Nor is there anybody to read of a newer version, for which wrangler would ask the registry at each start.
      WRANGLER_HIDE_BANNER: "true",
      CI: "1",
      // A server that was killed leaves its scratch files behind: here they are found again.
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
  // wrangler tells its parent the port that it got, which leaves no moment in which another process could take it.
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
    // wrangler stays and waits for a change of the source when the Worker itself does not start.
    if (ended || Date.now() > deadline || START_FAILURE.test(output)) {
      await stop("SIGKILL");
      throw new Error(PLAIN_CAUSE.exec(output)?.[0] ?? `The server did not start:\n${output}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { url, output: () => output, stop, exited };
}

/** What wrangler prints, up to the end of the line, when the Worker threw while it started. */
const START_FAILURE = /(Uncaught \w*Error|runtime failed to start).*\n/i;

/** Causes that their own line explains; the rest of the output would only bury it. */
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
    // Not bin/wrangler.js, which would start this as a child of its own.
    join(root, "node_modules/wrangler/wrangler-dist/cli.js"),
    "dev",
    ...[main ?? []].flat(),
    ...["--ip", "127.0.0.1", "--port", String(port), "--inspector-port", "0"],
    "--show-interactive-dev-session=false",
    ...["--persist-to", persistTo ?? ownState],
    ...[config ?? []].flat().flatMap((path) => ["--config", path]),
    ...Object.entries(vars).flatMap(([name, value]) => ["--var", `${name}:${value}`]),
    // Once a file is named, wrangler reads none by itself: name the usual ones too. Spelled like this because Node takes an
    // argument --env-file for its own, even behind a script.
    ...(secrets === undefined ? [] : [...usualSecrets(), secretsFile].flatMap((file) => ["--envFile", file])),
  ];
}

/** As wrangler chooses: .dev.vars, or else .env and .env.local. */
const usualSecrets = () =>
  existsSync(join(root, ".dev.vars")) ? [join(root, ".dev.vars")] : [join(root, ".env"), join(root, ".env.local")];

/** Servers still running and their folders: ended and removed with this process, also when it fails. */
const running = new Map<ChildProcess, string>();
process.once("exit", () => {
  for (const [child, folder] of running) remove(child, folder);
});

/** Ends what may be left of the group, which can outlive its leader for a moment, and then removes the folder. */
function remove(child: ChildProcess, folder: string): void {
  killGroup(child, "SIGKILL");
  running.delete(child);
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal);
  } catch {
    // Gone already.
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    // Not every Worker has the route; one that says so answers too.
    return (await fetch(`${url}/healthz`)).status < 500;
  } catch {
    return false;
  }
}
