-- The notices that Laravel has not heard yet, in lanes. Follows clock.lua;
-- shared by the scripts that follow it.
-- KEYS: the notices, the order of their ids, the lanes that are due by turn, those that rest by the
-- end of it, those that are claimed by the end of the lease, who holds them, who has which id under
-- way, the sums, the dead notices, the order of their ids.
-- ARGV[1]: begins the names of the lanes, each a sorted set of ids.
-- ARGV[2]: epoch milliseconds, or nothing: then Redis's own clock counts, not a node's.
-- A notice is n:id (itself) and a:id (weight, attempts, when it was queued, whether alone, the node
-- that waits for the answer or '-', lane).
-- Claimed ids are always the first of their lane.
-- A Redis that evicts may take any part of it: what is left must not stop the rest.

local notices, order, due, resting, claimed = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local holders, under, sums, dead, deaths = KEYS[6], KEYS[7], KEYS[8], KEYS[9], KEYS[10]
local lanes = ARGV[1]
local patience = 2000

local now = clock(ARGV[2])

local function about(id)
  local text = redis.call('HGET', notices, 'a:' .. id)
  if not text then
    return nil
  end
  local weight, attempts, queued, alone, asker, lane =
    string.match(text, '^(%d+) (%d+) (%d+) (%d) (%S+) (.*)$')
  return {
    weight = tonumber(weight), attempts = tonumber(attempts), queued = tonumber(queued),
    alone = alone, asker = asker, lane = lane
  }
end

local function describe(one)
  return whole(one.weight) .. ' ' .. whole(one.attempts) .. ' ' .. whole(one.queued) .. ' '
    .. one.alone .. ' ' .. one.asker .. ' ' .. one.lane
end

local function goesAlone(one)
  return one.alone == '1' or one.attempts > 0
end

-- Whether another node waits for the answer to it: that node is to send it, for a while.
local function isAskedBy(one, other)
  return one.asker ~= '-' and one.asker ~= other and now < one.queued + patience
end

local function turn()
  return whole(redis.call('HINCRBY', sums, 'turn', 1))
end

local function isEmpty(lane)
  return redis.call('ZCARD', lanes .. lane) == 0
end

local function remove(id, one)
  redis.call('HDEL', notices, 'n:' .. id, 'a:' .. id)
  redis.call('ZREM', order, id)
  redis.call('HDEL', under, id)
  if not one then
    return
  end
  redis.call('ZREM', lanes .. one.lane, id)
  redis.call('HINCRBY', sums, 'bytes', whole(-one.weight))
  if isEmpty(one.lane) then
    redis.call('ZREM', due, one.lane)
    redis.call('ZREM', resting, one.lane)
  end
end

-- The first write is the one that grows: a Redis without memory changes nothing.
local function put(id, bytes, weight, alone, asker, lane)
  if redis.call('HEXISTS', notices, 'a:' .. id) == 1 then
    return
  end
  local one = {
    weight = weight, attempts = 0, queued = now, alone = alone, asker = asker, lane = lane
  }
  redis.call('HSET', notices, 'n:' .. id, bytes, 'a:' .. id, describe(one))
  if redis.call('ZCARD', order) == 0 then
    redis.call('HSET', sums, 'bytes', 0) -- what was evicted was not subtracted
  end
  local wasEmpty = isEmpty(lane)
  local number = turn()
  redis.call('ZADD', order, number, id)
  redis.call('ZADD', lanes .. lane, number, id)
  redis.call('HINCRBY', sums, 'bytes', whole(weight))
  if wasEmpty and not redis.call('ZSCORE', claimed, lane) then
    redis.call('ZADD', due, number, lane)
  end
end

local function dropOldest()
  local from = 0
  while true do
    local ids = redis.call('ZRANGE', order, from, from + 99)
    if #ids == 0 then
      return false
    end
    for _, id in ipairs(ids) do
      if redis.call('HEXISTS', under, id) == 0 then
        remove(id, about(id))
        return true
      end
    end
    from = from + 100
  end
end

local function shrink(limit, maxBytes)
  local dropped = 0
  while redis.call('ZCARD', order) > limit
    or tonumber(redis.call('HGET', sums, 'bytes') or 0) > maxBytes do
    if not dropOldest() then
      break
    end
    dropped = dropped + 1
  end
  return dropped
end

-- Whoever held the lane does so no longer; it is due, or rests until then.
local function free(lane, untilThen)
  for _, id in ipairs(redis.call('ZRANGE', lanes .. lane, 0, -1)) do
    if redis.call('HDEL', under, id) == 0 then
      break
    end
  end
  redis.call('ZREM', claimed, lane)
  redis.call('HDEL', holders, lane)
  if isEmpty(lane) then
    return
  end
  if untilThen then
    redis.call('ZADD', resting, whole(untilThen), lane)
  else
    redis.call('ZADD', due, turn(), lane)
  end
end

-- How many wait or are under way, the age of the oldest in milliseconds, how many are dead.
local function counts()
  local oldest = redis.call('ZRANGE', order, 0, 0)[1]
  local known = oldest and about(oldest)
  local age = known and now - known.queued or 0
  return {redis.call('ZCARD', order), math.max(0, age), redis.call('ZCARD', deaths)}
end

