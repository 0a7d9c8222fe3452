-- The node goes: its users are away from now on, unless they are elsewhere. If it was the last one,
-- answers at most ARGV[7] of those who are away, with since when.

for _, user in ipairs(redis.call('SMEMBERS', users .. node)) do
  gone(user, now)
end
redis.call('DEL', users .. node)
redis.call('ZREM', nodes, node)
local others = redis.call('ZCOUNT', nodes, whole(now), '+inf')
local away = {}
if others == 0 then
  away = redis.call('ZRANGE', leaving, 0, tonumber(ARGV[7]) - 1, 'WITHSCORES')
end
return answer(1, away)
