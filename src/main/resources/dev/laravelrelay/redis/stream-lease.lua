-- Lets the node ARGV[1] read a stream alone for ARGV[2] milliseconds, unless another does; answers
-- whether it may. A renewal needs no memory.

local reader = redis.call('GET', KEYS[1])
if reader == ARGV[1] then
  return redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
if reader then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
