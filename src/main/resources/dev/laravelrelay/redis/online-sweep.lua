-- Renews the lease for ARGV[7] milliseconds, and takes users from nodes whose lease is over. Answers
-- at most ARGV[9] of those who have been away for ARGV[8] milliseconds, with since when.

local known = renew(tonumber(ARGV[7]))
local over = redis.call('ZRANGEBYSCORE', nodes, '-inf', whole(now), 'WITHSCORES', 'LIMIT', 0, 10)
for i = 1, #over, 2 do
  for _, user in ipairs(redis.call('SPOP', users .. over[i], 1000)) do
    gone(user, tonumber(over[i + 1]))
  end
  if redis.call('EXISTS', users .. over[i]) == 0 then
    redis.call('ZREM', nodes, over[i])
  end
end
local since = whole(now - tonumber(ARGV[8]))
return answer(known,
  redis.call('ZRANGEBYSCORE', leaving, '-inf', since, 'WITHSCORES', 'LIMIT', 0, ARGV[9]))
