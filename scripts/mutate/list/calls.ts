import type { Mutation } from "../mutation.ts";

const ACCESS = "src/session/session-access.ts";
const SESSIONS = "src/session/sessions.ts";
const CHANGES = "src/session/changes.ts";
const INTERLEAVINGS = ["test/objects/interleavings.test.ts"];
const SESSION_CALLS = ["test/objects/session-calls.test.ts"];
const UNIT_CHANGES = ["test/unit/changes.test.ts"];
const RACES = ["test/objects/session-project-races.test.ts"];
const PROJECT_FAILURES = ["test/objects/session-project-failures.test.ts"];

/** Calls to a session: repeated, overtaken, refused; what they change happens once. */
export const CALL_MUTATIONS: readonly Mutation[] = [
  {
    name: "a call that broke is repeated",
    file: SESSIONS,
    find: "if (overloaded || attempt === OBJECT_CALL_TRIES) return",
    replace: "if (true) return",
    tests: SESSION_CALLS,
  },
  {
    name: "a call is repeated a few times at most",
    file: SESSIONS,
    find: "if (overloaded || attempt === OBJECT_CALL_TRIES) return",
    replace: "if (overloaded || attempt === 10) return",
    tests: SESSION_CALLS,
  },
  {
    name: "a call is not repeated on overload",
    file: SESSIONS,
    find: 'if (overloaded && attempt === 1) return fail({ kind: "session_unavailable", sessionId: session.sessionId });\n        if (overloaded || attempt',
    replace: "if (attempt",
    tests: SESSION_CALLS,
  },
  {
    name: "a repeated call is not repeated again on overload",
    file: SESSIONS,
    find: "if (overloaded || attempt === OBJECT_CALL_TRIES) return",
    replace: "if (attempt === OBJECT_CALL_TRIES) return",
    tests: SESSION_CALLS,
  },
  {
    name: "a change that was turned away at once is known not to have been made",
    file: SESSIONS,
    find: 'if (overloaded && attempt === 1) return fail({ kind: "session_unavailable", sessionId: session.sessionId });',
    replace: "",
    tests: SESSION_CALLS,
  },
  {
    name: "a call to an object that was reset is repeated",
    file: SESSIONS,
    find: "if (!retryable && !overloaded && !durableObjectReset) throw error;",
    replace: "if (!retryable && !overloaded) throw error;",
    tests: SESSION_CALLS,
  },
  {
    name: "a bug in an object is not repeated",
    file: SESSIONS,
    find: "if (!retryable && !overloaded && !durableObjectReset) throw error;",
    replace: "",
    tests: SESSION_CALLS,
  },
  {
    name: "a call is repeated over a new stub",
    file: SESSIONS,
    find: "for (let attempt = 1; ; attempt++) {\n      try {\n        return await attemptOf(attempt > 1)(this.#namespace.get(session.objectId));",
    replace:
      "const stub = this.#namespace.get(session.objectId);\n    for (let attempt = 1; ; attempt++) {\n      try {\n        return await attemptOf(attempt > 1)(stub);",
    tests: SESSION_CALLS,
  },
  {
    name: "a repeated call says that it is one",
    file: SESSIONS,
    find: "attemptOf(attempt > 1)",
    replace: "attemptOf(false)",
    tests: SESSION_CALLS,
  },
  {
    name: "a repeated change keeps its id",
    file: SESSIONS,
    find: "call(object, { id, repeated })",
    replace: "call(object, { id: crypto.randomUUID(), repeated })",
    tests: SESSION_CALLS,
  },
  {
    name: "a change whose reply was lost every time has an unknown outcome",
    file: SESSIONS,
    find: '{ kind: "outcome_unknown", sessionId: session.sessionId }',
    replace: '{ kind: "session_unavailable", sessionId: session.sessionId }',
    tests: SESSION_CALLS,
  },
  {
    name: "a change that is sent again is made once",
    file: CHANGES,
    find: "if (known !== undefined) return known.outcome as Promise<T>;",
    replace: "",
    tests: INTERLEAVINGS,
    only: "a change that is sent again",
  },
  {
    name: "changes are remembered for a minute",
    file: CHANGES,
    find: "now - at < CHANGE_REMEMBERED_MS",
    replace: "now - at < 0",
    tests: UNIT_CHANGES,
  },
  {
    name: "changes are forgotten after a minute",
    file: CHANGES,
    find: " && now - at < CHANGE_REMEMBERED_MS",
    replace: "",
    tests: UNIT_CHANGES,
  },
  {
    name: "changes are remembered in bounded memory",
    file: CHANGES,
    find: "this.#outcomes.size <= MAX_REMEMBERED_CHANGES && ",
    replace: "",
    tests: UNIT_CHANGES,
  },
  {
    name: "a conditional set that may have been made before says that it does not know",
    file: ACCESS,
    find: "if (uncertain && undecided) return this.#outcomeUnknown();",
    replace: "",
    tests: INTERLEAVINGS,
    only: "a change that is sent again",
  },
  {
    name: "an end that may have been made before says that it does not know",
    file: ACCESS,
    find: "return uncertain ? this.#outcomeUnknown() : ok({ ended: false });",
    replace: "return ok({ ended: false });",
    tests: INTERLEAVINGS,
    only: "a change that is sent again",
  },
  {
    name: "a DELETE that worked is not answered 404 when it is sent again",
    file: "src/session/session-object.ts",
    find: 'const done = uncertain && !deleted.ok && deleted.failure.kind === "session_deleted";',
    replace: "const done = false;",
    tests: INTERLEAVINGS,
    only: "a change that is sent again",
  },
  {
    name: "a state value that is refused begins no context",
    file: ACCESS,
    find: "const refused = this.#state.refusalOfFirst(operation);",
    replace: "const refused = null;",
    tests: INTERLEAVINGS,
    only: "a state value",
  },
  {
    name: "what was set is there although an end overtook it",
    file: ACCESS,
    find: "live === null && again",
    replace: "false",
    tests: [...INTERLEAVINGS, ...RACES],
    only: "a state value|an end while a set registers",
  },
  {
    name: "a context that ends while it is begun is begun once more at most",
    file: ACCESS,
    find: "content, false)",
    replace: "content, true)",
    tests: INTERLEAVINGS,
    only: "registering takes longer than the idle time-out",
  },
  {
    name: "a set with a config is on no other project until the catalog keeps it",
    file: "src/session/set-directory.ts",
    find: "failure: unregistered(config.value) };",
    replace: "failure: null };",
    tests: INTERLEAVINGS,
    only: "a set with a config",
  },
  {
    name: "a set that the quota refuses leaves its config out of the catalog",
    file: "src/session/set-directory.ts",
    find: "if (!begun.ok) return begun;",
    replace: "",
    tests: RACES,
    only: "a set that is refused",
  },
  {
    name: "a catalog that hangs is waited for a few seconds",
    file: "src/projects/catalogs.ts",
    find: "await within(CATALOG_CALL_TIMEOUT_MS, this.#namespace.get(id).ask(operation, question))",
    replace: "await this.#namespace.get(id).ask(operation, question)",
    tests: PROJECT_FAILURES,
    only: "for longer than anybody waits",
  },
  {
    name: "a config that nobody keeps is not replaced by another project",
    file: "src/session/session-project.ts",
    find: "failure: config && unregistered(config.value),",
    replace: "failure: null,",
    tests: PROJECT_FAILURES,
    only: "a catalog that does not answer",
  },
  {
    name: "an update loses nothing",
    file: "src/mcp/typed-state.ts",
    find: "this.#write(key, value, sessionId, before)",
    replace: "this.#write(key, value, sessionId)",
    tests: ["test/worker/typed-state.test.ts"],
  },
];
