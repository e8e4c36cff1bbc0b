-- Posts one order event per request, each with an idempotency key of its own, and prints the totals as one line of
-- JSON. Arguments after `--`: the body's template, the mark in it that stands for the key, the run's key prefix, and
-- for requests as GitHub signs them a file with the signature of each request in turn (else empty), and for orders of
-- many keys their number and the order id in the template that they take turns in.
-- The request is built once as text around the key: wrk.format would cost more than the receiver's answer.

local threads = 0

function setup(thread)
  thread:set("thread_id", threads)
  threads = threads + 1
end

local head, before, tail, prefix, digits
local signatures = nil
local order_keys, after_id
local count = 0

function init(args)
  local template, mark = args[1], args[2]
  prefix = args[3] .. string.format("%02d", thread_id)
  digits = "%0" .. (#mark - #prefix) .. "d"
  local from, to = string.find(template, mark, 1, true)
  head = "POST " .. wrk.path .. " HTTP/1.1\r\nHost: " .. wrk.host .. ":" .. wrk.port ..
    "\r\nContent-Type: application/json\r\nContent-Length: " .. #template .. "\r\n"
  before = string.sub(template, 1, from - 1) .. prefix
  tail = string.sub(template, to + 1)
  if args[5] then
    order_keys = tonumber(args[5])
    local first, last = string.find(tail, args[6], 1, true)
    -- Behind its prefix an order id is a number of eight digits.
    after_id = string.sub(tail, last + 1)
    tail = string.sub(tail, 1, last - 8)
  end
  if args[4] ~= "" then
    signatures = io.lines(args[4])
  else
    -- Nothing between the head and the key changes: joined once.
    before = head .. "\r\n" .. before
  end
end

function request()
  count = count + 1
  local key = string.format(digits, count)
  if order_keys then
    return before .. key .. tail .. string.format("%08d", count % order_keys) .. after_id
  end
  if signatures == nil then
    return before .. key .. tail
  end
  return head .. "X-GitHub-Event: push\r\nX-GitHub-Delivery: " .. prefix .. key .. "\r\nX-Hub-Signature-256: sha256=" ..
    signatures() .. "\r\n\r\n" .. before .. key .. tail
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '\n{"durationUs":%d,"responses":%d,"notOk":%d,"connect":%d,"read":%d,"write":%d,"timeout":%d,' ..
    '"p50Us":%d,"p99Us":%d,"maxUs":%d}\n',
    summary.duration, summary.requests, errors.status, errors.connect, errors.read, errors.write, errors.timeout,
    latency:percentile(50), latency:percentile(99), latency.max))
end
