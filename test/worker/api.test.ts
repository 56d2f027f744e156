import { env } from "cloudflare:workers";
import parsePrometheus from "parse-prometheus-text-format";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createToken } from "../../scripts/token/create-token.ts";
import { fail } from "../../src/model/failure.ts";
import { encodeSessionId } from "../../src/model/session-id.ts";
import { SessionObject } from "../../src/session/session-object.ts";
import { bodyOf, HOST, type Listed, startAdminApi } from "../support/admin-api.ts";
import { AS_OPERATOR, callTool, OPERATOR_KEY, startApp } from "../support/apps.ts";

const { send, alice, bob, ask, open, listOf } = await startAdminApi();

afterEach(() => void vi.restoreAllMocks());

const directoryOf = async (session_id: string, token: string) => {
  const got = await send(callTool("get_working_directory", { session_id }, { token }));
  return got.json.result?.structuredContent?.working_directory;
};

describe("the API", () => {
  it("counts, lists and ends sessions of every principal", async () => {
    const before = bodyOf<{ active_sessions: number }>(await ask("/api/sessions/count")).active_sessions;
    const [first, second] = [await open(alice), await open(bob)];
    expect(bodyOf(await ask("/api/sessions/count"))).toMatchObject({ active_sessions: before + 2 });
    const all = await listOf();
    expect(all.sessions.slice(0, 2).map((row) => row.session_id)).toEqual([second, first]);
    expect(all.sessions[0]).toMatchObject({
      principal: "token:bob",
      project: null,
      opened_at: expect.stringMatching(/Z$/),
      last_used: expect.stringMatching(/Z$/),
      expires_at: expect.stringMatching(/Z$/),
    });
    // Only the owner may see the directory.
    expect(JSON.stringify(all)).not.toContain('"/a"');
    const ofAlice = await listOf("?principal=token:alice");
    expect(ofAlice.sessions.map((row) => row.principal)).toEqual(ofAlice.sessions.map(() => "token:alice"));
    expect(ofAlice.sessions.some((row) => row.session_id === first)).toBe(true);
    expect((await listOf("?principal=token:ali")).sessions).toEqual([]);

    expect(bodyOf(await ask(`/api/sessions/${first}`, { method: "DELETE" }))).toEqual({ ended: true });
    expect(bodyOf(await ask(`/api/sessions/${first}`, { method: "DELETE" }))).toEqual({ ended: false });
    expect(await directoryOf(first, alice)).toBeNull();
    expect(await directoryOf(second, bob)).toBe("/a");
    // The id still belongs to its owner.
    const again = await send(
      callTool("set_working_directory", { directory: "/b", session_id: first }, { token: alice }),
    );
    expect(again.json.result?.structuredContent).toMatchObject({ session_id: first, working_directory: "/b" });
  });

  it("lists in pages that neither skip nor repeat sessions", async () => {
    const opened = [];
    for (let n = 0; n < 45; n++) opened.push(await open(bob, `/${n}`));
    const seen: unknown[] = [];
    let query = "?principal=token:bob";
    for (;;) {
      const page = await listOf(query);
      seen.push(...page.sessions.map((row) => row.session_id));
      if (page.next_cursor === null) break;
      query = `?principal=token:bob&cursor=${page.next_cursor}`;
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual(expect.arrayContaining(opened));
  });

  it("lists anonymous sessions too, although their callers get no list", async () => {
    const anonymous = startApp();
    const set = await anonymous(callTool("set_working_directory", { directory: "/a" }));
    const id = set.json.result?.structuredContent?.session_id;
    const listed = await listOf("?principal=anonymous");
    expect(listed.sessions.map((row) => row.session_id)).toContain(id);
    expect(listed.sessions.every((row) => row.principal === "anonymous")).toBe(true);
  });

  it("lists a session that does not respond with the registry's data", async () => {
    const id = await open(alice, "/broken");
    const namespace = env.SESSIONS;
    const broken = {
      idFromString: (hex: string) => namespace.idFromString(hex),
      get: () => ({
        peekAsOperator: async () => {
          throw Object.assign(new Error("overloaded"), { overloaded: true });
        },
      }),
    };
    const app = startApp({ OPERATOR_KEY }, { SESSIONS: broken as unknown as Env["SESSIONS"] });
    const headers = { Host: "localhost", ...AS_OPERATOR };
    const answer = await app(new Request("http://localhost/api/sessions", { headers }));
    const row = bodyOf<Listed>(answer).sessions.find((row) => row.session_id === id);
    expect(row).toMatchObject({ principal: "token:alice", last_used: null, expires_at: null });
  });

  it("reports what is wrong with an id or a cursor", async () => {
    const unknown = await ask(`/api/sessions/sess_${"B".repeat(43)}`, { method: "DELETE" });
    expect(unknown.status).toBe(404);
    expect(unknown.text).toContain("is not a session of this server");
    const cursor = await ask("/api/sessions?cursor=nonsense");
    expect(cursor.status).toBe(400);
    expect(cursor.json.error).toBe('cursor "nonsense" is not a next_cursor of GET /api/sessions');
  });

  it("reports an unknown outcome if a session's object breaks while it is ended", async () => {
    const id = await open(alice);
    const failure = fail({ kind: "outcome_unknown" as const, sessionId: id });
    vi.spyOn(SessionObject.prototype, "endAsOperator").mockResolvedValueOnce(failure);
    const refused = await ask(`/api/sessions/${id}`, { method: "DELETE" });
    expect(refused.status).toBe(503);
    expect(refused.json.error).toContain("it is not known whether its context was ended");
    vi.restoreAllMocks();
  });

  it("lists a session that throws or hangs, and the others too", async () => {
    const [throwing, hanging, fine] = [await open(alice, "/throws"), await open(alice, "/hangs"), await open(alice)];
    const peek = SessionObject.prototype.peekAsOperator;
    vi.spyOn(SessionObject.prototype, "peekAsOperator").mockImplementation(function (this: SessionObject) {
      const id = encodeSessionId((this as unknown as { ctx: DurableObjectState }).ctx.id.toString());
      if (id === throwing) throw new Error("a newer version has written it");
      return id === hanging ? new Promise(() => {}) : peek.call(this);
    });
    const { sessions } = await listOf("?principal=token:alice");
    vi.restoreAllMocks();
    const lastUsed = new Map(sessions.map((row) => [row.session_id, row.last_used]));
    expect(lastUsed.get(throwing)).toBeNull();
    expect(lastUsed.get(hanging)).toBeNull();
    expect(lastUsed.get(fine)).toMatch(/Z$/);
  });
});

describe("a route about the whole server", () => {
  const routes = ["/api/sessions/count", "/api/sessions", "/metrics"];

  it.each(routes)("%s is refused without a token, and without the scope admin", async (path) => {
    expect((await ask(path, { token: "" })).status).toBe(401);
    const refused = await ask(path, { token: alice });
    expect(refused.status).toBe(403);
    expect(refused.json.error).toBe("insufficient_scope");
  });

  it("does not allow ending a session without the scope admin", async () => {
    const id = await open(alice);
    expect((await ask(`/api/sessions/${id}`, { method: "DELETE", token: bob })).status).toBe(403);
    expect((await ask(`/api/sessions/${id}`, { method: "DELETE", token: alice })).status).toBe(403);
    expect(await directoryOf(id, alice)).toBe("/a");
  });

  it.each([
    ["of another origin", { Origin: "http://localhost:3000" }],
    ["of another port of the same name", { Origin: `https://${HOST}:8443` }],
    ["with Sec-Fetch-Site cross-site", { "Sec-Fetch-Site": "cross-site" }],
    ["of the same site", { "Sec-Fetch-Site": "same-site" }],
  ])("refuses a page %s, whatever its token", async (_name, headers) => {
    for (const path of routes) expect((await ask(path, { headers })).status).toBe(403);
  });

  it("accepts the server's own pages", async () => {
    const headers = { Origin: `https://${HOST}`, "Sec-Fetch-Site": "same-origin" };
    for (const path of routes) expect((await ask(path, { headers })).status).toBe(200);
  });

  describe.each([
    ["http://localhost:8787", {}],
    ["http://127.0.0.1:8787", { "CF-Connecting-IP": "127.0.0.1" }],
    ["http://[::1]:8787", { "CF-Connecting-IP": "::1" }],
    ["http://localhost:8787", { "X-Forwarded-For": "127.0.0.1", Forwarded: "for=127.0.0.1;host=localhost" }],
    ["http://localhost:8787", { "X-Forwarded-Host": "localhost", "X-Real-IP": "127.0.0.1" }],
    [`https://${HOST}`, {}],
  ] as const)("in AUTH_MODE none, asked as %s with %o", (origin, headers) => {
    const statuses = async (vars: Record<string, string>, more: Record<string, string> = {}) => {
      const open = startApp(vars);
      const { host } = new URL(origin);
      const answers = [...routes, "/dashboard/live"].map((path) =>
        open(new Request(`${origin}${path}`, { headers: { Host: host, ...headers, ...more } })),
      );
      return Promise.all(answers.map(async (answer) => (await answer).status));
    };

    it("needs the operator key, whatever origin the request claims", async () => {
      expect(await statuses({ OPERATOR_KEY })).toEqual([401, 401, 401, 401]);
      expect(await statuses({ OPERATOR_KEY }, AS_OPERATOR)).toEqual([200, 200, 200, 200]);
    });

    it.each([`${OPERATOR_KEY}x`, OPERATOR_KEY.slice(0, -1), OPERATOR_KEY.toUpperCase(), "undefined", ""])(
      "refuses the key %j",
      async (key) => {
        expect(await statuses({ OPERATOR_KEY }, { Authorization: `Bearer ${key}` })).toEqual([401, 401, 401, 401]);
      },
    );

    it("is closed if no operator key is set, whatever the key", async () => {
      expect(await statuses({})).toEqual([403, 403, 403, 403]);
      for (const key of ["null", "undefined", OPERATOR_KEY]) {
        expect(await statuses({}, { Authorization: `Bearer ${key}` })).toEqual([403, 403, 403, 403]);
      }
    });
  });

  it("explains in AUTH_MODE none what is missing and where to get it, without revealing the key", async () => {
    const ask = async (vars: Record<string, string>, headers: Record<string, string> = {}) =>
      startApp(vars)(new Request(`https://${HOST}/metrics`, { headers: { Host: HOST, ...headers } }));
    expect((await ask({})).text).toContain("OPERATOR_KEY is not set");
    const missing = await ask({ OPERATOR_KEY });
    expect(missing.text).toContain("The operator key is missing");
    expect(missing.headers.get("WWW-Authenticate")).toBe("Bearer");
    const wrong = await ask({ OPERATOR_KEY }, { Authorization: "Bearer guess" });
    expect(wrong.text).toContain("This operator key is wrong");
    for (const { text } of [missing, wrong]) expect(text).not.toContain(OPERATOR_KEY);
  });

  it("is not opened by the operator key in a mode with tokens", async () => {
    const { secret } = await createToken("root", ["admin"]);
    const app = startApp({ AUTH_MODE: "token", AUTH_TOKENS: secret, OPERATOR_KEY });
    const answer = await app(new Request(`https://${HOST}/metrics`, { headers: { Host: HOST, ...AS_OPERATOR } }));
    expect(answer.status).toBe(401);
  });
});

describe("/metrics", () => {
  const families = async () => {
    const answer = await ask("/metrics");
    expect(answer.headers.get("Content-Type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    return new Map(parsePrometheus(answer.text).map((family) => [family.name, family]));
  };
  const sum = async (name: string) =>
    (await families()).get(`mcp_session_context_${name}`)?.metrics.reduce((n, { value }) => n + Number(value), 0);

  it("is accepted by a parser, with units and types as in the conventions", async () => {
    const all = await families();
    for (const { name, type, help } of all.values()) {
      expect(name).toMatch(/^mcp_session_context_[a-z_]+$/);
      expect(help).toMatch(/\.$/);
      expect(name.endsWith("_total")).toBe(type === "COUNTER");
    }
    const active = all.get("mcp_session_context_active_sessions")?.metrics;
    expect(active).toHaveLength(16);
    expect(active?.[9]?.labels).toEqual({ shard: "9" });
    const regions = all
      .get("mcp_session_context_active_sessions_by_region")
      ?.metrics.map(({ labels }) => labels?.region);
    expect(regions).toHaveLength(10);
    expect(regions?.at(-1)).toBe("unknown");
    expect(all.get("mcp_session_context_shard_up")?.metrics.every(({ value }) => value === "1")).toBe(true);
    const reasons = all.get("mcp_session_context_sessions_closed_total")?.metrics.map(({ labels }) => labels?.reason);
    expect(reasons).toEqual(["ended", "expired", "deleted", "dropped"]);
  });

  it("is consistent: opened − closed = active, and counters only grow", async () => {
    const figures = async () => [
      await sum("sessions_opened_total"),
      await sum("sessions_closed_total"),
      await sum("active_sessions"),
    ];
    const [opened = 0, closed = 0, active = 0] = await figures();
    expect(opened - closed).toBe(active);
    expect(await sum("active_sessions_by_region")).toBe(active);
    const id = await open(alice);
    await open(alice);
    await send(callTool("end_session", { session_id: id }, { token: alice }));
    expect(await figures()).toEqual([opened + 2, closed + 1, active + 1]);
  });
});

describe("/openapi.json", () => {
  it("describes every route of the API, with the actual schemas", async () => {
    const document = bodyOf<{
      openapi: string;
      servers: { url: string }[];
      paths: Record<string, Record<string, { responses: Record<string, { content?: object }> }>>;
      components: object;
    }>(await ask("/openapi.json", { token: "" }));
    expect(document.openapi).toBe("3.1.0");
    // Relative: the same document for every host name of the server.
    expect(document.servers).toEqual([{ url: "/" }]);
    expect(Object.keys(document.paths)).toEqual([
      "/api/sessions/count",
      "/api/sessions",
      "/api/sessions/{id}",
      "/metrics",
    ]);
    expect(document.components).toMatchObject({ securitySchemes: { admin: { type: "http", scheme: "bearer" } } });
    const page = document.paths["/api/sessions"]?.get?.responses["200"]?.content;
    expect(page).toMatchObject({
      "application/json": {
        schema: {
          type: "object",
          required: ["sessions", "next_cursor", "missing_shards"],
          additionalProperties: false,
        },
      },
    });
  });

  it("has the server's own token header if set, else the bearer scheme, also for the operator key", async () => {
    const of = async (vars: Record<string, string>) =>
      (await startApp(vars)(new Request("http://localhost/openapi.json", { headers: { Host: "localhost" } }))).text;
    const access = {
      AUTH_MODE: "jwt",
      JWT_ISSUER: "https://a.example.com",
      JWT_AUDIENCE: "x",
      JWT_JWKS_URL: "https://a.example.com/jwks",
      JWT_HEADER: "Cf-Access-Jwt-Assertion",
    };
    expect(await of(access)).toContain('{"type":"apiKey","in":"header","name":"cf-access-jwt-assertion"}');
    expect(await of({})).toContain('{"type":"http","scheme":"bearer"}');
  });
});
