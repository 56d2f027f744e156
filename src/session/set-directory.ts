import { fail, ok, type Result } from "../model/failure.ts";
import { isShared } from "../model/principal.ts";
import type { CatalogReply } from "../projects/catalog-requests.ts";
import type { ProjectFailure } from "../projects/project-failure.ts";
import type { SessionAccess, Visitor } from "./session-access.ts";
import type { SessionCatalog } from "./session-catalog.ts";
import type { LiveSession } from "./session-context.ts";
import type { SessionLife } from "./session-life.ts";
import {
  type Entered,
  enter,
  NO_PROJECT,
  NOT_ENTERED,
  questionOf,
  type SessionProject,
  UNKNOWN_PROJECT,
  unregistered,
} from "./session-project.ts";
import type { Refusal, SetReply, SetRequest } from "./session-requests.ts";
import type { QuotaExceeded, SessionRow } from "./session-row.ts";

type SetResult = Result<SetReply, Refusal | QuotaExceeded>;

/** Sets the working directory: finds or begins the context, asks the catalog for the project, and applies its reply. */
export class SetDirectory {
  readonly #access: SessionAccess;
  readonly #life: SessionLife;
  readonly #row: SessionRow;
  readonly #catalog: SessionCatalog;

  constructor(access: SessionAccess, life: SessionLife, row: SessionRow, catalog: SessionCatalog) {
    this.#access = access;
    this.#life = life;
    this.#row = row;
    this.#catalog = catalog;
  }

  /** Sets the working directory, beginning a context if there is none, and finds its project. */
  set(visitor: Visitor, request: SetRequest): Promise<SetResult> {
    const { config } = request;
    return this.#access.visit(visitor, async ({ live }): Promise<SetResult> => {
      if (live === null && isShared(visitor.principal)) return this.#beginInOwnCatalog(visitor, request);
      if (live === null && config?.ok) {
        // Begin the context first: if that is refused, the config must not have been registered.
        const project = { ...UNKNOWN_PROJECT, ...NOT_ENTERED, failure: unregistered(config.value) };
        const begun = await this.#beginSet(visitor, request, () => project);
        if (!begun.ok) return begun;
      }
      const entered = await this.#enter(visitor, request, live?.session.project ?? NO_PROJECT);
      return entered.ok && live === null ? ok({ ...entered.value, created: true }) : entered;
    });
  }

  /** Begins a context whose catalog is in this storage too: one transaction, without I/O. */
  #beginInOwnCatalog(visitor: Visitor, request: SetRequest): Promise<SetResult> {
    const { workingDirectory, config } = request;
    return this.#beginSet(visitor, request, () => {
      const question = questionOf(NO_PROJECT, workingDirectory, { anew: true });
      if (config?.ok === false) return enter(NO_PROJECT, config, { question, reply: config });
      const operation = config && ({ kind: "register", registration: config.value } as const);
      return enter(NO_PROJECT, config, { question, reply: ok(this.#catalog.askOwn(operation, question)) });
    });
  }

  /** Asks the catalog for the directory's project, and applies the reply to the session's project as it is by then. */
  async #enter(visitor: Visitor, request: SetRequest, before: SessionProject): Promise<SetResult> {
    const { workingDirectory, config, client } = request;
    const question = questionOf(before, workingDirectory, { anew: true });
    const operation = config?.ok ? ({ kind: "register", registration: config.value } as const) : null;
    const reply: Result<CatalogReply, ProjectFailure> =
      config?.ok === false ? config : await this.#catalog.ask(visitor.principal, operation, question);
    return this.#access.visit(visitor, async ({ now, live }): Promise<SetResult> => {
      const entered = () => enter(live?.session.project ?? NO_PROJECT, config, { question, reply });
      // The context ended or expired while the catalog was being asked: the set wins.
      if (live === null && isShared(visitor.principal)) return this.#beginInOwnCatalog(visitor, request);
      if (live === null) return this.#beginSet(visitor, request, entered);
      const { switched, wouldSwitch, ...project } = entered();
      const session: LiveSession = { ...live.session, workingDirectory, project, client, setAt: now };
      const [touched, refused] = await Promise.all([
        this.#life.touch(session, live.deadline, now, { write: true }),
        session.registration === undefined ? null : this.#row.acknowledge(session),
      ]);
      if (refused !== null) return fail(refused);
      return ok({
        created: false,
        switched,
        wouldSwitch,
        context: this.#access.view(touched, live, now),
      });
    });
  }

  async #beginSet(
    visitor: Visitor,
    request: SetRequest,
    enterProject: () => SessionProject & Entered,
  ): Promise<SetResult> {
    let entered = NOT_ENTERED;
    const begun = await this.#access.begin(visitor, request, () => {
      const { switched, wouldSwitch, ...project } = enterProject();
      entered = { switched, wouldSwitch };
      return { workingDirectory: request.workingDirectory, project };
    });
    return begun.ok ? ok({ created: true, ...entered, context: begun.value }) : begun;
  }
}
