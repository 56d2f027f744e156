import { beforeEach, describe, expect, it } from "vitest";
import { Ledger, type State } from "../../scripts/chaos/ledger.ts";

const ID = "sess_1";
let ledger: Ledger;

beforeEach(() => {
  ledger = new Ledger();
  ledger.add(ID, 0);
});

/** A write sent at `from` and answered at `to`; without `to` it is unanswered. */
function write(state: State, from: number, to?: number, client = "one") {
  const operation = ledger.begin(ID, state, client, from);
  if (to === undefined) ledger.leaveOpen();
  else ledger.acknowledge(operation, to);
}

/** Judges a read of `state`, written by `client` at `setAt`. */
const read = (state: State, at: number, setAt: number | null = null, client: string | null = "one") =>
  ledger.judge(ID, { state, client: setAt === null ? null : client, setAt }, at, at + 1);

describe("what may be found", () => {
  it("is nothing at first, and then the last acknowledged write", () => {
    expect(ledger.mayBeFound(ID, 5)).toEqual([null]);
    write("/a", 10, 11);
    write("/b", 20, 21);
    expect(ledger.mayBeFound(ID, 30)).toEqual(["/b"]);
    write(null, 40, 41);
    expect(ledger.mayBeFound(ID, 50)).toEqual([null]);
  });

  it("includes an unanswered write, until a later one is acknowledged", () => {
    write("/a", 10, 11);
    write("/b", 20);
    ledger.serverIsGone(25);
    expect(ledger.mayBeFound(ID, 30)).toEqual(["/a", "/b"]);
    write("/c", 40, 41);
    expect(ledger.mayBeFound(ID, 50)).toEqual(["/c"]);
  });

  it("still includes an unanswered write after a later acknowledgement, while its server lives", () => {
    write("/a", 10);
    write("/b", 20, 21);
    expect(ledger.mayBeFound(ID, 30)).toEqual(["/a", "/b"]);
    ledger.serverIsGone(40);
    write("/c", 50, 51);
    expect(ledger.mayBeFound(ID, 60)).toEqual(["/c"]);
  });

  it("is either of two concurrent writes", () => {
    const [a, b] = [ledger.begin(ID, "/a", "one", 10), ledger.begin(ID, "/b", "two", 11)];
    ledger.acknowledge(b, 12);
    ledger.acknowledge(a, 13);
    expect(ledger.mayBeFound(ID, 20)).toEqual(["/a", "/b"]);
  });

  it("is no context any more once all have expired", () => {
    write("/a", 10, 11);
    ledger.allHaveExpired(20);
    expect(ledger.mayBeFound(ID, 30)).toEqual([null]);
    write("/b", 40, 41);
    write("/c", 50);
    ledger.serverIsGone(55);
    ledger.allHaveExpired(60);
    expect(ledger.mayBeFound(ID, 70)).toEqual([null]);
  });

  it("is not a write that was refused", () => {
    ledger.withdraw(ledger.begin(ID, "/a", "one", 10));
    expect(ledger.mayBeFound(ID, 20)).toEqual([null]);
  });
});

describe("the verdict on a read", () => {
  it("is kept for the acknowledged write, and for a later unanswered one", () => {
    write("/a", 10, 20);
    expect(read("/a", 30, 15)).toBe("kept");
    write("/b", 40);
    ledger.serverIsGone(45);
    expect(read("/b", 50, 42)).toBe("kept");
  });

  it("is lost if an acknowledged write is missing", () => {
    write("/a", 100, 110);
    expect(read(null, 120)).toBe("lost");
    write("/b", 200, 210);
    write("/c", 300, 310);
    expect(read("/b", 320, 205)).toBe("lost");
  });

  it("is undead if an ended session is found with a context", () => {
    write("/a", 10, 20);
    write(null, 30, 40);
    expect(read("/a", 50, 15)).toBe("undead");
    expect(ledger.mayBeFound(ID, 90)).toEqual(["/a"]);
  });

  it("is half-written for a directory never written, or one with another write's client or time", () => {
    write("/a", 100, 200, "one");
    expect(read("/a/b", 300, 150)).toBe("half-written");
    expect(read("/a", 310, 150, "two")).toBe("half-written");
    expect(read("/a", 320, 1000)).toBe("half-written");
    expect(read("/a", 330, 150)).toBe("kept");
  });

  it("settles an unanswered write: once found it stays, once missed it never comes", () => {
    write("/a", 10, 20);
    write("/b", 30);
    ledger.serverIsGone(35);
    expect(read("/a", 40, 15)).toBe("kept");
    expect(read("/b", 50, 32)).toBe("lost");

    write("/c", 60);
    ledger.serverIsGone(65);
    expect(read("/c", 70, 62)).toBe("kept");
    expect(ledger.mayBeFound(ID, 80)).toEqual(["/c"]);
  });

  it("counts answered and unanswered operations", () => {
    write("/a", 10, 20);
    write("/b", 30);
    read("/a", 40, 15);
    expect(ledger.totals).toEqual({ acknowledged: 2, unacknowledged: 1 });
  });
});
