-- One of the user ARGV[2] ends in ARGV[3] milliseconds, or at ARGV[4].

local at = ARGV[4] and tonumber(ARGV[4]) or now + tonumber(ARGV[3])
return redis.call('ZADD', expiring, 'LT', whole(at), ARGV[2])
