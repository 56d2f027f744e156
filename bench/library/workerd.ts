/**
 * Starts built Workers in a workerd of their own, with storage on the local disk. Plain `workerd serve`: `wrangler dev` would put
 * a proxy in front, whose work would be measured with every request.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { COMPATIBILITY_DATE, type Peer, peerOf } from "./peers.ts";

export interface RunningPeer {
  readonly peer: Peer;
  readonly url: string;
  readonly pid: number;
  readonly inspectorPort: number | null;
  /** Where its objects are stored. */
  readonly storage: string;
  stop(): Promise<void>;
}

export interface StartOptions {
  /** Built module of this peer and of the one that it calls. */
  readonly modules: Readonly<Record<string, string>>;
  readonly folder: string;
  /** A module that stands in front of the peer's own, which it imports as `./peer.js`. */
  readonly wrapper?: string;
  readonly inspector?: boolean;
  readonly vars?: Readonly<Record<string, string>>;
}

const workerd: string = createRequire(import.meta.url)("workerd").default;

const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

export async function startPeer(peer: Peer, options: StartOptions): Promise<RunningPeer> {
  const { folder, inspector = false } = options;
  const storage = join(folder, "storage");
  mkdirSync(storage, { recursive: true });
  const workers = [peer, ...(peer.calls ? [peerOf(peer.calls.peer)] : [])];
  writeFileSync(join(folder, "config.capnp"), configText(workers, options, storage));
  const args = ["serve", join(folder, "config.capnp"), "--control-fd=3"];
  const child = spawn(workerd, [...args, ...(inspector ? ["--inspector-addr=127.0.0.1:0"] : [])], {
    stdio: ["ignore", "inherit", "inherit", "pipe"],
  });
  running.add(child);
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));

  let port: number | null = null;
  let inspectorPort: number | null = null;
  for await (const line of createInterface(child.stdio[3] as Readable)) {
    const event = JSON.parse(line) as { event: string; port: number };
    if (event.event === "listen") port = event.port;
    else if (event.event === "listen-inspector") inspectorPort = event.port;
    if (port !== null && (inspectorPort !== null || !inspector)) break;
  }
  if (port === null || child.pid === undefined) throw new Error(`workerd did not start ${peer.name}`);
  const stop = async () => {
    child.kill("SIGKILL");
    await exited;
    running.delete(child);
  };
  return { peer, url: `http://127.0.0.1:${port}`, pid: child.pid, inspectorPort, storage, stop };
}

/** The processor time that a process has used, in seconds; null where there is no /proc. */
export function cpuSeconds(pid: number): number | null {
  try {
    // After the name, which may hold anything but ends with the last bracket: utime and stime, in ticks of 10 ms.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return null;
  }
}

/** Resident memory in MiB; null where there is no /proc. */
export function memoryMiB(pid: number): number | null {
  try {
    return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
  } catch {
    return null;
  }
}

/** How many files a process started from here may open. Node has raised its own limit as far as it may, and passes it on. */
export function openFilesLimit(): number {
  try {
    return Number(/^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1] ?? Infinity);
  } catch {
    return Infinity;
  }
}

function configText(workers: readonly Peer[], options: StartOptions, storage: string): string {
  const definitions = workers.map((peer, index) => workerText(peer, options, index === 0));
  const services = workers.map((peer) => `(name = "${peer.name}", worker = .${identifier(peer)})`);
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [${services.join(", ")}, (name = "disk", disk = (path = ${JSON.stringify(storage)}, writable = true))],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "${workers[0]?.name}")],
  extensions = [(modules = [(name = "cloudflare-internal:email", internal = true, esModule = "${EMAIL_MODULE}")])],
);
${definitions.join("\n")}`;
}

function workerText(peer: Peer, { folder, modules, wrapper, vars = {} }: StartOptions, first: boolean): string {
  const copy = (from: string, name: string) => {
    copyFileSync(from, join(folder, name));
    return name;
  };
  const own = copy(modules[peer.name] ?? "", `${peer.name}.js`);
  const esModules = [`(name = "peer.js", esModule = embed "${own}")`];
  if (first && wrapper !== undefined) {
    esModules.unshift(`(name = "wrapper.js", esModule = embed "${copy(wrapper, "wrapper.js")}")`);
  }
  const text = (value: unknown) => JSON.stringify(String(value));
  const bindings = [
    ...Object.entries(peer.objects).map(
      ([name, className]) => `(name = "${name}", durableObjectNamespace = "${className}")`,
    ),
    ...Object.entries({ ...peer.vars, ...vars }).map(([name, value]) => `(name = "${name}", text = ${text(value)})`),
    ...(peer.calls ? [serviceText(peer.calls)] : []),
  ];
  const namespaces = Object.values(peer.objects).map(
    (name) => `(className = "${name}", uniqueKey = "${peer.name}-${name}", enableSql = true)`,
  );
  return `const ${identifier(peer)} :Workerd.Worker = (
  modules = [${esModules.join(", ")}],
  compatibilityDate = "${COMPATIBILITY_DATE}",
  bindings = [${bindings.join(", ")}],
  durableObjectNamespaces = [${namespaces.join(", ")}],
  durableObjectStorage = (localDisk = "disk"),
);`;
}

const serviceText = ({ peer, binding, entrypoint, props }: NonNullable<Peer["calls"]>): string =>
  `(name = "${binding}", service = (name = "${peer}", entrypoint = "${entrypoint}", props = (json = ${JSON.stringify(JSON.stringify(props))})))`;

/** Behind `cloudflare:email`, which `agents` imports and workerd leaves to whoever embeds it. Not used here. */
const EMAIL_MODULE = "export default { EmailMessage: class {} };";

const identifier = ({ name }: Peer): string => name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
