-- Posts one order event per request, each with an idempotency key of its own, and prints the totals as one line of
-- JSON. Arguments after `--`: the body's template, the mark in it that stands for the key, the run's key prefix.
-- The request is built once as text around the key: wrk.format would cost more than the receiver's answer.

local threads = 0

function setup(thread)
  thread:set("thread_id", threads)
  threads = threads + 1
end

local head, tail, prefix, digits
local count = 0

function init(args)
  local template, mark = args[1], args[2]
  prefix = args[3] .. string.format("%02d", thread_id)
  digits = "%0" .. (#mark - #prefix) .. "d"
  local from, to = string.find(template, mark, 1, true)
  head = "POST " .. wrk.path .. " HTTP/1.1\r\nHost: " .. wrk.host .. ":" .. wrk.port ..
    "\r\nContent-Type: application/json\r\nContent-Length: " .. #template .. "\r\n\r\n" ..
    string.sub(template, 1, from - 1) .. prefix
  tail = string.sub(template, to + 1)
end

function request()
  count = count + 1
  return head .. string.format(digits, count) .. tail
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '\n{"durationUs":%d,"responses":%d,"notOk":%d,"connect":%d,"read":%d,"write":%d,"timeout":%d,' ..
    '"p50Us":%d,"p99Us":%d,"maxUs":%d}\n',
    summary.duration, summary.requests, errors.status, errors.connect, errors.read, errors.write, errors.timeout,
    latency:percentile(50), latency:percentile(99), latency.max))
end
