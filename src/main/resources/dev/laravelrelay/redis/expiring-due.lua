-- Answers at most ARGV[2] users whose events are to be looked at, and when they will be looked at
-- again, should whoever asked not do it: in ARGV[3] milliseconds.

local due = redis.call('ZRANGEBYSCORE', expiring, '-inf', whole(now), 'LIMIT', 0, ARGV[2])
local again = whole(now + tonumber(ARGV[3]))
for _, user in ipairs(due) do
  redis.call('ZADD', expiring, again, user)
end
return {due, again}
