-- Forgets what the dead node ARGV[1] left of the user KEYS[1], unless it lives and wrote it anew.

if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then
  return redis.call('HDEL', KEYS[1], ARGV[1])
end
return 0
