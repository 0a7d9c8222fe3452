-- Keeps an event and publishes it, if there are channels: KEYS[4] for open sessions, KEYS[5] for
-- suspended ones. The first write is the one that grows: a Redis without memory changes nothing.
-- ARGV[12]: for how many milliseconds the keys outlive the last hold. ARGV[13]: how to publish;
-- ARGV[14]: how to ask who listens, without those who do by a pattern.
-- Answers: nodes reached, whether it is kept, stored, those that expired, evicted, collapsed.

local id, event, weight, hold = ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local key, maxEvents, maxBytes = ARGV[6], tonumber(ARGV[7]), tonumber(ARGV[8])
local node, confirm, envelope = ARGV[9], tonumber(ARGV[10]), ARGV[11]
local grace = tonumber(ARGV[12])
local stored, expired, evicted, collapsed = 0, {}, 0, 0

local function isOver()
  return redis.call('ZCARD', order) > maxEvents
    or tonumber(redis.call('HGET', held, 'bytes') or 0) > maxBytes
end

local function put()
  local last = redis.call('ZREVRANGE', order, 0, 0, 'WITHSCORES')
  local older = key ~= '' and redis.call('HGET', held, 'c:' .. key)
  local aboutIt = whole(weight) .. ' ' .. whole(now + confirm) .. ' ' .. node .. ' ' .. key
  redis.call('HSET', held, 'e:' .. id, event, 'a:' .. id, aboutIt)
  redis.call('HINCRBY', held, 'bytes', whole(weight))
  redis.call('ZADD', order, whole((tonumber(last[2]) or 0) + 1), id)
  redis.call('ZADD', ends, whole(now + hold), id)
  if older then
    forget(older)
    collapsed = 1
  end
  if key ~= '' then
    redis.call('HSET', held, 'c:' .. key, id)
  end
  if isOver() then
    expired = expire()
  end
  while isOver() do
    forget(redis.call('ZRANGE', order, 0, 0)[1])
    evicted = evicted + 1
  end
  local latest = redis.call('ZREVRANGE', ends, 0, 0, 'WITHSCORES')
  local left = whole(tonumber(latest[2]) - now + grace)
  redis.call('PEXPIRE', held, left)
  redis.call('PEXPIRE', order, left)
  redis.call('PEXPIRE', ends, left)
end

local kept = redis.call('HEXISTS', held, 'e:' .. id)
if kept == 0 then
  stored = 1
  if hold <= 0 then
    expired = {event}
  elseif weight > maxBytes or maxEvents < 1 then
    evicted = 1
  else
    put()
    kept = 1
  end
end

local nodes = 0
if KEYS[4] then
  if redis.call(ARGV[13], KEYS[4], envelope .. event) > 0 then
    nodes = redis.call('PUBSUB', ARGV[14], KEYS[4])[2]
  end
  redis.call(ARGV[13], KEYS[5], envelope .. event)
end
return {nodes, kept, stored, expired, evicted, collapsed}
