import { describe, expect, it } from "vitest";
import { traceOf } from "../../src/http/edge/trace-context.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";

describe("the trace of a message", () => {
  it("is taken from its traceparent, of this version and of later ones", () => {
    const trace = { traceId: TRACE, parentId: SPAN };
    expect(traceOf({ traceparent: `00-${TRACE}-${SPAN}-01` })).toEqual(trace);
    expect(traceOf({ traceparent: `cc-${TRACE}-${SPAN}-01-what-the-future-brings` })).toEqual(trace);
  });

  it.each([
    undefined,
    null,
    7,
    {},
    { traceparent: 7 },
    { traceparent: "" },
    { traceparent: `ff-${TRACE}-${SPAN}-01` },
    { traceparent: `00-${TRACE}-${SPAN}-01-more` },
    { traceparent: `00-${"0".repeat(32)}-${SPAN}-01` },
    { traceparent: `00-${TRACE}-${"0".repeat(16)}-01` },
    { traceparent: `00-${TRACE.toUpperCase()}-${SPAN}-01` },
    { traceparent: `00-${TRACE}-${SPAN}-01\n{"level":"error"}` },
    { traceparent: "/home/me/secret" },
  ])("is none without a valid traceparent: %o", (meta) => {
    expect(traceOf(meta)).toBeNull();
  });
});
