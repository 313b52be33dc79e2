-- breaker --
-- What each script below begins with. It says what migrator/model/breaker.py says; the comments are there.
-- KEYS: the breaker. ARGV: the moment (empty for the server's own clock), the six thresholds, the number of the
-- caller's probe, a reason. Every script answers with the breaker before and after, the permit, and the moment.
local WEEK = 604800
local MOST_DOUBLINGS = 30
local FIELDS = {'state', 'failures', 'since', 'openings', 'open_until', 'probe', 'probe_until', 'is_held', 'reason'}

local function clock()
  if ARGV[1] ~= '' then return tonumber(ARGV[1]) end
  local time = redis.call('TIME')
  return tonumber(time[1]) + tonumber(time[2]) / 1000000
end

local now = clock()
local most = {
  failures = tonumber(ARGV[2]), window = tonumber(ARGV[3]), open_seconds = tonumber(ARGV[4]),
  longest = tonumber(ARGV[5]), probe_seconds = tonumber(ARGV[6]), probe_pause = tonumber(ARGV[7]),
}
local number, reason = tonumber(ARGV[8]), ARGV[9]
local permit = {granted = 1, wait = 0, probe = 0}

local function fresh(probe)
  return {state = 'closed', failures = 0, since = 0, openings = 0, open_until = 0, probe = probe, probe_until = 0,
          is_held = 0, reason = ''}
end

local function read()
  local breaker = fresh(0)
  for position, value in ipairs(redis.call('HMGET', KEYS[1], unpack(FIELDS))) do
    local field = FIELDS[position]
    if value then breaker[field] = (field == 'state' or field == 'reason') and value or tonumber(value) end
  end
  return breaker
end

local function spoken(value)
  return type(value) == 'number' and string.format('%.17g', value) or value
end

local function flat(breaker)
  local values = {}
  for position, field in ipairs(FIELDS) do values[position] = spoken(breaker[field]) end
  return values
end

local before, breaker = read(), read()

local function is_probe()
  return breaker.state == 'half-open' and number == breaker.probe and number > 0
end

local function waiting()
  if breaker.is_held == 1 then return most.longest end
  if breaker.state == 'open' then return math.max(0, breaker.open_until - now) end
  if breaker.state == 'half-open' then return math.max(0, math.min(most.probe_pause, breaker.probe_until - now)) end
  return 0
end

local function open()
  breaker.state = 'open'
  breaker.open_until = now + math.min(most.open_seconds * 2 ^ math.min(breaker.openings, MOST_DOUBLINGS), most.longest)
  breaker.openings = breaker.openings + 1
  breaker.probe_until = 0
end

local function answer()
  local is_changed = false
  for _, field in ipairs(FIELDS) do is_changed = is_changed or before[field] ~= breaker[field] end
  if is_changed then
    for _, field in ipairs(FIELDS) do redis.call('HSET', KEYS[1], field, spoken(breaker[field])) end
    if breaker.is_held == 1 then redis.call('PERSIST', KEYS[1]) else redis.call('EXPIRE', KEYS[1], WEEK) end
  end
  return {flat(before), flat(breaker), {permit.granted, spoken(permit.wait), permit.probe}, spoken(now)}
end

-- look --
permit.wait = waiting()
permit.granted = permit.wait > 0 and 0 or 1
return answer()

-- allow --
if breaker.state ~= 'closed' then
  permit.wait = waiting()
  if permit.wait > 0 then
    permit.granted = 0
  else
    breaker.state = 'half-open'
    breaker.probe = breaker.probe + 1
    breaker.probe_until = now + most.probe_seconds
    permit.probe = breaker.probe
  end
end
return answer()

-- succeeded --
if breaker.state == 'closed' or is_probe() then breaker = fresh(breaker.probe) end
return answer()

-- failed --
if is_probe() then
  breaker.reason = reason
  open()
elseif breaker.state == 'closed' then
  if breaker.failures == 0 or now - breaker.since >= most.window then
    breaker.failures = 0
    breaker.since = now
  end
  breaker.failures = breaker.failures + 1
  breaker.reason = reason
  if breaker.failures >= most.failures then open() end
end
return answer()

-- give_back --
if is_probe() then breaker.probe_until = 0 end
return answer()

-- hold --
local since = breaker.failures > 0 and breaker.since or now
local failures = breaker.failures
breaker = fresh(breaker.probe)
breaker.state, breaker.failures, breaker.since, breaker.is_held, breaker.reason = 'open', failures, since, 1, reason
return answer()

-- reset --
breaker = fresh(breaker.probe)
return answer()
