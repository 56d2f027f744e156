import type { Mutation } from "../mutation.ts";

const ACCESS = "src/session/session-access.ts";
const ID = "src/model/session-id.ts";
const PATH = "src/model/working-directory.ts";
const OWNERSHIP = ["test/objects/session-object.test.ts", "test/worker/ownership.test.ts"];
const SERVICE = ["test/worker/session-entrypoint.test.ts"];
const UNIT_ID = ["test/unit/session-id.test.ts"];
const UNIT_PATH = ["test/unit/working-directory.test.ts"];
const UNIT_ORIGIN = ["test/unit/origin.test.ts"];
const ADMIN = ["test/worker/api.test.ts"];

/** Who gets in, whose a session is, and how ids, paths and names are read. */
export const DOOR_MUTATIONS: readonly Mutation[] = [
  {
    name: "a session id has one spelling",
    file: ID,
    find: "{42}[AEIMQUYcgkosw048]$/",
    replace: "{43}$/",
    tests: UNIT_ID,
  },
  {
    name: "an id that was made up is unknown",
    file: "src/session/sessions.ts",
    find: "objectId: this.#namespace.idFromString(hex)",
    replace: "objectId: this.#namespace.newUniqueId()",
    tests: ["test/worker/session-ids.test.ts"],
  },
  {
    name: "a foreign session looks like an unknown one",
    file: ACCESS,
    find: "stored.owner !== principal && (live",
    replace: "false && (live",
    tests: OWNERSHIP,
    only: "foreign",
  },
  {
    name: "a session that its owner ended for good stays unknown to others",
    file: ACCESS,
    find: "(live !== null || deleted)",
    replace: "live !== null",
    tests: ["test/worker/ownership.test.ts"],
  },
  {
    name: "an answer is taken only by the principal it was given to",
    file: "src/session/answers.ts",
    find: "JSON.stringify([principal, requestId])",
    replace: "requestId",
    tests: ["test/objects/answers.test.ts"],
  },
  {
    name: "sessions of one service are not another's",
    file: "src/session/sessions.ts",
    find: "idFromName(JSON.stringify([service, sessionId]))",
    replace: "idFromName(sessionId)",
    tests: SERVICE,
  },
  {
    name: "a failure tells a service its own session id",
    file: "src/rpc/session-entrypoint.ts",
    find: "return fail({ ...result.failure, sessionId });",
    replace: "return result;",
    tests: SERVICE,
  },
  {
    name: "a principal's catalog is not another's",
    file: "src/projects/catalogs.ts",
    find: "idFromName(`principal:$" + "{principal}`)",
    replace: 'idFromName("principal")',
    tests: ["test/objects/session-projects.test.ts"],
    only: "two sessions of one principal",
  },
  {
    name: "paths are normalised",
    file: PATH,
    find: 'name !== "" && name !== "."',
    replace: 'name !== ""',
    tests: UNIT_PATH,
  },
  {
    name: "an encoded separator is no level of a path",
    file: PATH,
    find: "if (onWindows ? /%2f|%5c/i.test(rawPath) : /%2f/i.test(rawPath)) return null;",
    replace: "",
    tests: UNIT_PATH,
  },
  {
    name: "a path holds no control characters",
    file: PATH,
    find: 'if (CONTROL.test(decoded)) return fail("control_character");',
    replace: "",
    tests: UNIT_PATH,
  },
  {
    name: "*.example.com does not match evilexample.com",
    file: "src/http/edge/origin.ts",
    find: "pattern.slice(1)",
    replace: "pattern.slice(2)",
    tests: UNIT_ORIGIN,
  },
  {
    name: "a host name is compared whole",
    file: "src/http/edge/origin.ts",
    find: "hostname === pattern,",
    replace: "hostname.startsWith(pattern),",
    tests: UNIT_ORIGIN,
  },
  {
    name: "a page of another workers.dev name may not call",
    file: "src/http/edge/origin.ts",
    find: "[...LOOPBACK_HOSTS, ...allowed.allowedOrigins]",
    replace: "[...DEFAULT_HOSTS, ...allowed.allowedOrigins]",
    tests: UNIT_ORIGIN,
  },
  {
    name: "the operator key is compared whole",
    file: "src/http/admin/admin-gate.ts",
    find: "return crypto.subtle.timingSafeEqual(await hash(a), await hash(b));",
    replace: "return b.startsWith(a) && hash !== undefined;",
    tests: ADMIN,
  },
  {
    name: "without an operator key the figures are closed",
    file: "src/http/admin/admin-gate.ts",
    find: "if (auth.operatorKey === null) return refuseOperator(403, NO_OPERATOR_KEY);",
    replace: "if (auth.operatorKey === null) return OPERATOR;",
    tests: ADMIN,
  },
  {
    name: "a page of another origin may not use the figures",
    file: "src/http/admin/admin-gate.ts",
    find: "if (isForeignPage(request)) {",
    replace: "if (false) {",
    tests: ADMIN,
  },
  {
    name: "the front door drops headers that say which URL was asked for",
    file: "scripts/start/front-door.ts",
    find: "^(mf-.*|",
    replace: "^(",
    tests: ["test/e2e/front-door.test.ts"],
  },
  {
    name: "wrangler's own port serves nobody",
    file: "scripts/start/local-worker.ts",
    find: 'request.headers.get("x-front-door-key") === env.LOCAL_DOOR_KEY',
    replace: "true",
    tests: ["test/e2e/front-door.test.ts"],
  },
  {
    name: "a tool named constructor is unknown",
    file: "src/http/mcp/own-names.ts",
    find: "Object.setPrototypeOf(member, null);",
    replace: "",
    tests: ["test/worker/inherited-names.test.ts"],
  },
  {
    name: "a member named __proto__ is refused",
    file: "src/http/edge/json-body.ts",
    find: 'mayNamePrototype(text) && namesPrototype(value) ? fail("names_prototype") : ok(value)',
    replace: "ok(value)",
    tests: ["test/worker/hostile-input.test.ts"],
    only: "prototypes",
  },
  {
    name: "an optional argument that is null or empty is not given",
    file: "src/author/match-arguments.ts",
    find: "!optional.has(name) || !isBlank(given[key])",
    replace: "true",
    tests: ["test/worker/tool-input.test.ts"],
    only: "null or empty",
  },
  {
    name: "a misspelt argument is refused, not ignored",
    file: "src/author/tool-input.ts",
    find: "parsed.success && misspelt.length === 0",
    replace: "parsed.success",
    tests: ["test/worker/tool-input.test.ts"],
    only: "misspelt",
  },
  {
    name: "published schemas keep to the portable keywords",
    file: "src/author/converted-once.ts",
    find: "portableSchema(convert(options))",
    replace: "(portableSchema(convert(options)) && convert(options))",
    tests: ["test/e2e/schemas.test.ts"],
  },
  {
    name: "the exports of the package are complete",
    file: "src/lib.ts",
    find: 'export { sessionIdArgument } from "./author/tool-input.ts";',
    replace: "",
    tests: ["test/e2e/package.test.ts"],
  },
];
