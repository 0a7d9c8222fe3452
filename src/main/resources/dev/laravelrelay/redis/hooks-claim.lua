-- Claims for ARGV[3], for ARGV[4] milliseconds: at most ARGV[5] notices, about ARGV[6] bytes; or the
-- notice ARGV[7] alone, if that is next. What was claimed and never settled is due again.
-- Answers for each the notice, its attempts, and when it was queued.

local holder, lease = ARGV[3], tonumber(ARGV[4])
local most, maxBytes = tonumber(ARGV[5]), tonumber(ARGV[6])
local one = ARGV[7]
local taken, count, size = {}, 0, 0

for _, lane in ipairs(redis.call('ZRANGEBYSCORE', claimed, '-inf', whole(now), 'LIMIT', 0, 100)) do
  free(lane)
end
for _, lane in ipairs(redis.call('ZRANGEBYSCORE', resting, '-inf', whole(now), 'LIMIT', 0, 500)) do
  redis.call('ZREM', resting, lane)
  redis.call('ZADD', due, turn(), lane)
end

local function take(lane, room)
  redis.call('ZREM', due, lane)
  redis.call('ZADD', claimed, whole(now + lease), lane)
  redis.call('HSET', holders, lane, holder)
  local own = 0
  for i, id in ipairs(redis.call('ZRANGE', lanes .. lane, 0, room - 1)) do
    local known = about(id)
    if not known or (i > 1 and (goesAlone(known) or own >= maxBytes)) then
      break
    end
    redis.call('HSET', under, id, holder)
    taken[#taken + 1] = redis.call('HGET', notices, 'n:' .. id)
    taken[#taken + 1] = whole(known.attempts)
    taken[#taken + 1] = whole(known.queued)
    own = own + known.weight
    count = count + 1
  end
  size = size + own
end

local function first(lane)
  return redis.call('ZRANGE', lanes .. lane, 0, 0)[1]
end

-- What is known of the lane's first notice. Those of which nothing is were evicted, and go, some at
-- a time.
local function headOf(lane)
  for _ = 1, 100 do
    local id = first(lane)
    local head = id and about(id)
    if head then
      return head
    end
    if not id then
      redis.call('ZREM', due, lane)
      return nil
    end
    redis.call('ZREM', lanes .. lane, id)
    remove(id)
  end
end

if one then
  local known = about(one)
  if known and first(known.lane) == one and redis.call('ZSCORE', due, known.lane) then
    take(known.lane, 1)
  end
else
  for _, lane in ipairs(redis.call('ZRANGE', due, 0, 4 * most)) do
    if count >= most or (size >= maxBytes and count > 0) then
      break
    end
    local head = headOf(lane)
    local lonely = head and goesAlone(head)
    if head and not isAskedBy(head, holder) then
      if lonely and count == 0 then
        take(lane, 1)
        break
      elseif not lonely then
        take(lane, most - count)
      end
    end
  end
end
return {counts(), taken}
