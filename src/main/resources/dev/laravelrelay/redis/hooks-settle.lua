-- Settles what ARGV[3] claimed: ARGV[4] is delivered, refused, released or died. Its lanes rest for
-- ARGV[5] milliseconds; at most ARGV[6] dead ones are kept. Then for each its id, its lane, and what
-- is to be known of a dead one. What somebody else holds by now stays his, but what Laravel has is
-- gone. Answers how many dead ones were dropped.

local holder, fate, rest, maxDead = ARGV[3], ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6])
local dropped = 0
local seen, settled = {}, {}

for i = 7, #ARGV, 3 do
  local id, lane = ARGV[i], ARGV[i + 1]
  local one = about(id)
  local mine = redis.call('HGET', under, id) == holder
  if one and fate == 'delivered' then
    remove(id, one)
  elseif one and mine and fate == 'died' then
    redis.call('HSET', dead, 'n:' .. id, redis.call('HGET', notices, 'n:' .. id),
      'a:' .. id, whole(one.weight) .. ' ' .. lane, 'd:' .. id, whole(now) .. ' ' .. ARGV[i + 2])
    redis.call('ZADD', deaths, turn(), id)
    remove(id, one)
  elseif one and mine then
    redis.call('HDEL', under, id)
    if fate == 'refused' then
      one.attempts = one.attempts + 1
      redis.call('HSET', notices, 'a:' .. id, describe(one))
    end
  end
  if not seen[lane] then
    seen[lane] = true
    settled[#settled + 1] = lane
  end
end
for _, lane in ipairs(settled) do
  local first = redis.call('ZRANGE', lanes .. lane, 0, 0)[1]
  local more = first and redis.call('HGET', under, first) == holder
  if redis.call('HGET', holders, lane) == holder and not more then
    free(lane, fate == 'refused' and now + rest)
  end
end
while redis.call('ZCARD', deaths) > maxDead do
  local oldest = redis.call('ZRANGE', deaths, 0, 0)[1]
  redis.call('ZREM', deaths, oldest)
  redis.call('HDEL', dead, 'n:' .. oldest, 'a:' .. oldest, 'd:' .. oldest)
  dropped = dropped + 1
end
return {counts(), dropped}
