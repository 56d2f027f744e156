import { abortAllDurableObjects, reset } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";
import { ANONYMOUS } from "../../src/model/principal.ts";
import { Answers } from "../../src/session/answers.ts";
import { MAX_KEPT_ANSWERS } from "../../src/session/limits.ts";
import { EMPTY, newSession, setRequest, storageOf, stubAgain } from "../support/objects.ts";

afterEach(reset);

describe("an answer", () => {
  it("reaches the waiting call, whether it comes before or after", async () => {
    const answers = new Answers();
    const waiting = answers.take(ANONYMOUS, "a");
    answers.give(ANONYMOUS, "a", "later");
    answers.give(ANONYMOUS, "b", "before");
    expect(await waiting).toBe("later");
    expect(await answers.take(ANONYMOUS, "b")).toBe("before");
  });

  it("that does not come in time is polled for again, and then found", async () => {
    const answers = new Answers();
    expect(await answers.take(ANONYMOUS, "a", 5)).toBeNull();
    answers.give(ANONYMOUS, "a", "late");
    expect(await answers.take(ANONYMOUS, "a", 5)).toBe("late");
  });

  it("can be taken twice, by a call whose connection broke the first time", async () => {
    const answers = new Answers();
    const first = answers.take(ANONYMOUS, "a");
    const second = answers.take(ANONYMOUS, "a");
    answers.give(ANONYMOUS, "a", "it");
    expect(await first).toBeNull();
    expect(await second).toBe("it");
    expect(await answers.take(ANONYMOUS, "a")).toBe("it");
  });

  it("for one principal is not found by another", async () => {
    const answers = new Answers();
    answers.give("mallory", "a", "forged");
    expect(await answers.take("alice", "a", 5)).toBeNull();
  });

  it("that is never taken makes room for newer ones", async () => {
    const answers = new Answers();
    for (let i = 0; i <= MAX_KEPT_ANSWERS; i++) answers.give(ANONYMOUS, String(i), `answer ${i}`);
    expect(await answers.take(ANONYMOUS, "0", 5)).toBeNull();
    expect(await answers.take(ANONYMOUS, "1", 5)).toBe("answer 1");
  });
});

describe("a session object that relays answers", () => {
  it("stores nothing", async () => {
    const session = newSession();
    await session.giveAnswer(ANONYMOUS, "a", "it");
    expect(await session.takeAnswer(ANONYMOUS, "a")).toEqual({ ok: true, value: "it" });
    expect(await storageOf(session)).toEqual(EMPTY);
  });

  it("does so only for the session's owner, and not for a session that is over", async () => {
    const session = newSession();
    await session.set("alice", setRequest("/a"));
    const refused = { ok: false, failure: { kind: "session_unknown" } };
    expect(await session.giveAnswer("mallory", "a", "forged")).toMatchObject(refused);
    expect(await session.takeAnswer("mallory", "a")).toMatchObject(refused);
    await session.delete("alice");
    expect(await session.takeAnswer("alice", "a")).toMatchObject({ failure: { kind: "session_deleted" } });
  });

  it("is asked again by a waiting call if it goes down meanwhile", async () => {
    const session = newSession();
    const waiting = session.takeAnswer(ANONYMOUS, "a").catch(() => "broken");
    await scheduler.wait(20);
    await abortAllDurableObjects();
    expect(await waiting).toBe("broken");
    const again = stubAgain(session).takeAnswer(ANONYMOUS, "a");
    await stubAgain(session).giveAnswer(ANONYMOUS, "a", "it");
    expect(await again).toEqual({ ok: true, value: "it" });
  });
});
