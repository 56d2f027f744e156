import { describe, expect, it } from "vitest";
import { applyMutation } from "../../scripts/mutate/mutation.ts";

const mutation = { name: "a guarantee", file: "src/a.ts", find: "if (safe)", replace: "if ($&)", tests: [] };

describe("a mutation", () => {
  it("replaces the text literally", () => {
    expect(applyMutation("x; if (safe) y;", mutation)).toEqual({ ok: true, value: "x; if ($&) y;" });
  });

  it.each([
    ["is not there", "x;", "0 times"],
    ["is there twice", "if (safe) if (safe)", "2 times"],
  ])("does not apply to source in which it %s, and says what to do", (_name, source, times) => {
    const { ok, failure } = applyMutation(source, mutation) as { ok: false; failure: string };
    expect(ok).toBe(false);
    for (const part of ["a guarantee", "if (safe)", times, "src/a.ts", "must be once"]) expect(failure).toContain(part);
  });

  it.each([
    { find: "", replace: "x" },
    { find: "x", replace: "x" },
  ])("that changes nothing does not apply (%j)", (nothing) => {
    expect(applyMutation("x", { ...mutation, ...nothing })).toMatchObject({ ok: false });
  });
});
