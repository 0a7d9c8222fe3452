-- The user ARGV[2] is to be looked at at ARGV[4], or never again if that is empty; unless it is no
-- longer ARGV[3].

local known = redis.call('ZSCORE', expiring, ARGV[2])
if known and tonumber(known) == tonumber(ARGV[3]) then
  if ARGV[4] == '' then
    redis.call('ZREM', expiring, ARGV[2])
  else
    redis.call('ZADD', expiring, ARGV[4], ARGV[2])
  end
end
return 1
