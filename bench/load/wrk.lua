-- Sends the requests of a plan file: a line "turn" or "open", then each request as its length, a newline and its bytes.
-- "turn": one after the other, over and over. "open": the first one opens a session, whose id the second one carries; an
-- operation is both, timed from the start of the first to the end of the second. Prints one line of JSON.

local ffi = require("ffi")
ffi.cdef [[
typedef struct { long seconds; long nanoseconds; } bench_time;
int clock_gettime(int clock, bench_time *time);
]]
local clock = ffi.new("bench_time")

local function now()
  ffi.C.clock_gettime(1, clock)
  return tonumber(clock.seconds) * 1e6 + tonumber(clock.nanoseconds) / 1e3
end

local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

local requests = {}
local next_request = 0

opened = 0
latencies = {}
local next_id = 1000000000
local started = {}
local ready = {}

local function with_id(request, id)
  return (request:gsub('"id":1000000000', '"id":' .. id, 1))
end

function init(args)
  local file = assert(io.open(args[1], "rb"))
  local mode = file:read("*l")
  while true do
    local length = tonumber(file:read("*l") or "")
    if not length then break end
    table.insert(requests, file:read(length))
  end
  file:close()
  if mode == "turn" then
    request = function()
      next_request = next_request % #requests + 1
      return requests[next_request]
    end
    return
  end
  request = function()
    local session = table.remove(ready)
    if session then
      local set = requests[2]:gsub("SESSION%-PLACEHOLDER", session.header, 1)
      return with_id(set, session.id)
    end
    next_id = next_id + 1
    started[next_id] = now()
    return with_id(requests[1], next_id)
  end
  response = function(_, headers, body)
    local id = tonumber(body:match('"id":(1%d%d%d%d%d%d%d%d%d)'))
    if not id or not started[id] then return end
    if body:find('"protocolVersion"', 1, true) then
      for name, value in pairs(headers) do
        if name:lower() == "mcp-session-id" then table.insert(ready, { id = id, header = value }) end
      end
      return
    end
    opened = opened + 1
    latencies[opened] = now() - started[id]
    started[id] = nil
  end
end

function done(summary, latency)
  local errors = summary.errors
  local operations = summary.requests
  local p50, p99 = latency:percentile(50), latency:percentile(99)
  local times = threads[1]:get("latencies")
  if #times > 0 then
    table.sort(times)
    operations = #times
    p50, p99 = times[math.ceil(#times * 0.5)], times[math.ceil(#times * 0.99)]
  end
  print(string.format(
    '{"operations":%d,"requests":%d,"seconds":%.6f,"p50Ms":%.4f,"p99Ms":%.4f,"errors":%d}',
    operations, summary.requests, summary.duration / 1e6, p50 / 1000, p99 / 1000,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
