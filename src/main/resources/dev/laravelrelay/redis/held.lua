-- What is held for one user. Follows clock.lua; shared by the scripts that follow it.
-- KEYS: the hash of the events, the order of their ids, the end of their holds.
-- ARGV[1]: epoch milliseconds, or nothing: then Redis's own clock counts, not a node's.
-- The hash has e:id (the event), a:id (about it), c:key (the id of a collapse key), bytes (the sum).

local held, order, ends = KEYS[1], KEYS[2], KEYS[3]

local now = clock(ARGV[1])

-- What it weighs, until when its emitter waits on which node, '=' and its collapse key if any.
local function about(id)
  local text = redis.call('HGET', held, 'a:' .. id)
  if not text then
    return nil
  end
  local weight, awaited, node, key = string.match(text, '^(%d+) (%d+) (%S*) (.*)$')
  return {weight = tonumber(weight), awaited = tonumber(awaited), node = node, key = key}
end

local function forget(id)
  local known = about(id)
  redis.call('ZREM', order, id)
  redis.call('ZREM', ends, id)
  if known then
    redis.call('HDEL', held, 'e:' .. id, 'a:' .. id)
    redis.call('HINCRBY', held, 'bytes', -known.weight)
    if known.key ~= '' and redis.call('HGET', held, 'c:' .. known.key) == id then
      redis.call('HDEL', held, 'c:' .. known.key)
    end
  end
  if redis.call('ZCARD', order) == 0 then
    redis.call('DEL', held)
  end
  return known
end

-- Answers the events that had to go: nobody else is answered them.
local function expire()
  local over = {}
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', ends, '-inf', whole(now))) do
    over[#over + 1] = redis.call('HGET', held, 'e:' .. id)
    forget(id)
  end
  return over
end

