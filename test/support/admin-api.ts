/** An app in mode token with an operator and two users, and its administration API. */
import { createToken } from "../../scripts/token/create-token.ts";
import { type Answer, callTool, startApp } from "./apps.ts";

export const HOST = "mcp.example.workers.dev";

export interface Listed {
  readonly missing_shards: readonly number[];
  readonly sessions: readonly Record<string, unknown>[];
  readonly next_cursor: string | null;
}

interface Ask {
  readonly method?: string;
  readonly token?: string;
  readonly headers?: Record<string, string>;
}

export const bodyOf = <T>(answer: Answer): T => JSON.parse(answer.text) as T;

export async function startAdminApi() {
  const first = await createToken("root", ["admin"]);
  const second = await createToken("alice", ["sessions"], first.secret);
  const third = await createToken("bob", ["sessions"], second.secret);
  const [admin, alice, bob] = [first.token, second.token, third.token];
  const send = startApp({ AUTH_MODE: "token", AUTH_TOKENS: third.secret });

  const ask = (path: string, { method = "GET", token = admin, headers = {} }: Ask = {}) =>
    send(
      new Request(`https://${HOST}${path}`, {
        method,
        headers: { Host: HOST, ...(token !== "" && { Authorization: `Bearer ${token}` }), ...headers },
      }),
    );

  async function open(token: string, directory = "/a"): Promise<string> {
    const set = await send(callTool("set_working_directory", { directory }, { token }));
    return String(set.json.result?.structuredContent?.session_id);
  }

  const listOf = async (query = "") => bodyOf<Listed>(await ask(`/api/sessions${query}`));

  return { send, alice, bob, ask, open, listOf };
}
