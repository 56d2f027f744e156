/** Shared by the tests of sessions and their catalogs. */
import { vi } from "vitest";
import type { ProjectRegistration } from "../../src/projects/catalog-requests.ts";
import { ProjectCatalog } from "../../src/projects/project-catalog.ts";
import { parseProjectConfig } from "../../src/projects/project-config.ts";
import { resolveFor } from "../../src/session/session-project.ts";
import { newSession, type SessionStub, setRequest } from "./objects.ts";

/** A registration as the tools make it; `rest` are further fields of the config. */
export function registration(root: string, name = root.slice(1), rest: object = {}): ProjectRegistration {
  const config = parseProjectConfig({ version: "1.0", project: { name }, ...rest });
  if (!config.ok) throw new Error(config.failure.rule);
  return { root, configPath: null, config: config.value };
}

export const register = (session: SessionStub, principal: string, root: string, name?: string, rest?: object) =>
  session.project(principal, null, { kind: "register", registration: registration(root, name, rest) });

/** Name of the session's project, null for none, or the kind of failure that prevents it. */
export async function projectOf(session: SessionStub, principal = "alice"): Promise<string | null> {
  const got = await session.get(principal);
  if (!got.ok || got.value === null) throw new Error("no context");
  const resolved = resolveFor(got.value);
  return resolved.ok ? (resolved.value.project?.name ?? null) : resolved.failure.kind;
}

/** Makes every call to a principal's catalog throw, until the spy is restored. */
export const catalogsDown = () =>
  vi.spyOn(ProjectCatalog.prototype, "ask").mockImplementation(() => {
    throw new Error("catalog is down");
  });

/** Computes the next answer of a catalog at once, and runs `meanwhile` before it arrives. */
export function beforeNextAnswer(meanwhile: () => Promise<unknown>): void {
  const original = ProjectCatalog.prototype.ask;
  vi.spyOn(ProjectCatalog.prototype, "ask").mockImplementationOnce(function (this: ProjectCatalog, ...args) {
    const answer = original.apply(this, args);
    return meanwhile().then(() => answer) as never;
  });
}

/** Alice's session in `directory`, and her catalog with projects at `roots`. */
export async function aliceIn(directory: string, ...roots: string[]) {
  const session = newSession();
  await session.set("alice", setRequest(directory));
  for (const root of roots) await register(session, "alice", root);
  return { session, id: session.id.toString() };
}
