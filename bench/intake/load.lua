-- Makes every request's body anew and counts the answers; bench/intake/load.py starts it under wrk with
--   wrk ... ADDRESS -- STYLE CONTACT SEED TOKEN
-- STYLE: form, json (a matter as Huiyin takes it), datasette, pocketbase (the same as their row).
-- A body carries a fresh UUIDv7 and about 160 Chinese characters that no other body has.

local ffi = require("ffi")
ffi.cdef([[
  typedef struct { long seconds; long nanoseconds; } moment;
  int clock_gettime(int clock, moment *now);
]])
local now = ffi.new("moment")

local PHRASES = {
  "村口到学校的路上有三盏路灯坏了,", "晚上孩子放学回来根本看不清楚路,", "上个月有一位老人在这里摔了一跤,",
  "我们向村里说过两次还没有人来修,", "东头的水渠堵了田里的水排不出去,", "一下大雨院子里就积水进不了家门,",
  "自来水从早上六点以后就没有压力,", "老人看病要走很远才能坐上公交车,", "希望卫生室每周能有一天医生坐诊,",
  "垃圾桶满了好几天也没有车来清运,", "夏天气味很大附近几户都不敢开窗,", "请问今年的养老补贴什么时候发放,",
  "去年登记过的名单里没有我母亲的,", "新修的水泥路边上没有留排水的沟,", "大货车夜里从村中间过震得睡不着,",
  "希望能有一个明白的答复和时间表,",
}
local DIGITS = { "零", "一", "二", "三", "四", "五", "六", "七", "八", "九" }
local PIECES = 9

local function escaped(text)
  return (text:gsub("[^%w%-%.%_]", function(c) return string.format("%%%02X", c:byte()) end))
end

local counted = { good = 0, other = 0, sample = "" }
local threads = {}
local render, head, wanted

function setup(thread)
  table.insert(threads, thread)
end

function init(arguments)
  local style, contact, seed, token = arguments[1], arguments[2] == "contact", arguments[3], arguments[4]
  math.randomseed(tonumber(seed))
  local form = style == "form"
  local phrases, digits = {}, {}
  for i, phrase in ipairs(PHRASES) do phrases[i] = form and escaped(phrase) or phrase end
  for i, digit in ipairs(DIGITS) do digits[i] = form and escaped(digit) or digit end
  local name = form and escaped("王桂英") or "王桂英"

  local random, format, concat = math.random, string.format, table.concat
  local parts = {}
  local function text()
    for i = 1, PIECES do parts[i] = phrases[random(#phrases)] end
    -- Sixteen digits at random make it differ from every other.
    for i = PIECES + 1, PIECES + 16 do parts[i] = digits[random(10)] end
    return concat(parts, "", 1, PIECES + 16)
  end
  local function uuid7()
    ffi.C.clock_gettime(0, now)
    local ms = tonumber(now.seconds) * 1000 + math.floor(tonumber(now.nanoseconds) / 1000000)
    local high = math.floor(ms / 65536)
    return format("%08x-%04x-7%03x-%04x-%04x%08x", high, ms % 65536, random(0, 4095),
      random(0x8000, 0xbfff), random(0, 65535), random(0, 0x7fffffff))
  end
  local function phone() return format("139%08d", random(0, 99999999)) end

  if form then
    render = function()
      local body = "id=" .. uuid7() .. "&text=" .. text()
      return contact and body .. "&name=" .. name .. "&phone=" .. phone() or body
    end
  else
    local before = '{"id":"'
    local after = '"}'
    if style == "datasette" then before, after = '{"row":{"id":"', '"}}' end
    if style == "pocketbase" then before = '{"submission":"' end
    render = function()
      local body = before .. uuid7() .. '","text":"' .. text()
      return (contact and body .. '","name":"' .. name .. '","phone":"' .. phone() or body) .. after
    end
  end
  wanted = ({ form = '"safety":"durable"', json = '"safety":"durable"', datasette = '"ok":',
    pocketbase = '"submission":' })[style]
  local kind = form and "application/x-www-form-urlencoded" or "application/json"
  head = "POST " .. wrk.path .. " HTTP/1.1\r\nHost: " .. wrk.headers["Host"]
    .. "\r\nAccept: application/json\r\nContent-Type: " .. kind
    .. (token and "\r\nAuthorization: Bearer " .. token or "") .. "\r\nContent-Length: "
end

function request()
  local body = render()
  return head .. #body .. "\r\n\r\n" .. body
end

function response(status, _, body)
  if (status == 201 or status == 200) and body:find(wanted, 1, true) then
    counted.good = counted.good + 1
  else
    counted.other = counted.other + 1
    counted.sample = status .. " " .. body:sub(1, 300)
  end
  -- Only globals are seen by done().
  good, other, sample = counted.good, counted.other, counted.sample
end

function done(summary, latency, _)
  local all, not_good, seen = 0, 0, ""
  for _, thread in ipairs(threads) do
    all = all + (thread:get("good") or 0)
    not_good = not_good + (thread:get("other") or 0)
    seen = (thread:get("sample") or "") .. seen
  end
  local errors = summary.errors
  io.write(string.format(
    "\nhuiyin good=%d other=%d requests=%d microseconds=%d lost=%d timeouts=%d p50=%d p99=%d mean=%.1f\n",
    all, not_good, summary.requests, summary.duration,
    errors.connect + errors.read + errors.write, errors.timeout,
    latency:percentile(50), latency:percentile(99), latency.mean))
  io.write("sample " .. seen:gsub("%s+", " ") .. "\n")
end
