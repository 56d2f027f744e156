/** Runs this Worker as a process of its own: `wrangler dev`, which embeds Miniflare and starts workerd as a child. */
import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

export interface ServerOptions {
  /** 0 or absent picks a free one. */
  readonly port?: number;
  /** Folder that keeps the Durable Objects' storage across restarts; absent keeps it in memory. */
  readonly persistTo?: string;
  /** Vars that override those of wrangler.toml. */
  readonly vars?: Readonly<Record<string, string>>;
  /** Another wrangler.toml than this project's. */
  readonly config?: string;
  /** Receives what the server prints. */
  readonly onOutput?: (text: string) => void;
}

export interface RunningServer {
  /** Without a slash at the end. */
  readonly url: string;
  /** Everything printed so far. */
  output(): string;
  /** Ends the server and its children. SIGKILL leaves them no chance to tidy up. Resolves when they are gone. */
  stop(signal?: "SIGTERM" | "SIGKILL"): Promise<void>;
  /** Resolves when the process has ended, by itself or not. */
  readonly exited: Promise<void>;
}

/**
 * Starts the server and waits until it answers `/healthz`.
 * @throws Error with the server's own output if it ends before that, as it does with a bad setting, or takes a minute.
 */
export async function startServer(options: ServerOptions = {}): Promise<RunningServer> {
  const port = options.port || (await freePort());
  const url = `http://127.0.0.1:${port}`;
  const args = [
    ...[
      "dev",
      "--ip",
      "127.0.0.1",
      "--port",
      String(port),
      "--inspector-port",
      "0",
      "--show-interactive-dev-session=false",
    ],
    ...(options.config ? ["--config", options.config] : []),
    ...(options.persistTo ? ["--persist-to", options.persistTo] : []),
    ...Object.entries(options.vars ?? {}).flatMap(([name, value]) => ["--var", `${name}:${value}`]),
  ];
  const child = spawn(process.execPath, [`${root}node_modules/wrangler/bin/wrangler.js`, ...args], {
    cwd: root,
    // A process group of its own, so that workerd, its child, is ended with it.
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      WRANGLER_SEND_METRICS: "false",
      CLOUDFLARE_CF_FETCH_ENABLED: "false",
      NO_COLOR: "1",
      CI: "1",
    },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      options.onOutput?.(text);
    });
  }
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  running.add(child);
  void exited.then(() => running.delete(child));

  const stop = async (signal: "SIGTERM" | "SIGKILL" = "SIGTERM") => {
    killGroup(child, signal);
    const patience = setTimeout(() => killGroup(child, "SIGKILL"), 10_000);
    await exited;
    clearTimeout(patience);
    // The group may outlive its leader for a moment; nothing of it shall stay.
    killGroup(child, "SIGKILL");
  };

  const deadline = Date.now() + 60_000;
  while (!(await answers(url))) {
    const ended = child.exitCode !== null || child.signalCode !== null;
    // wrangler stays and waits for a change of the source when the Worker itself does not start.
    if (ended || Date.now() > deadline || /Uncaught Error|runtime failed to start/i.test(output)) {
      await stop("SIGKILL");
      throw new Error(`The server did not start:\n${output}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { url, output: () => output, stop, exited };
}

/** Groups still running: ended with this process, also when it fails. */
const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) killGroup(child, "SIGKILL");
});

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal);
  } catch {
    // Gone already.
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/healthz`)).ok;
  } catch {
    return false;
  }
}

/** A port that is free right now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
