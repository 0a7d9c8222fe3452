-- Answers the sessions that each living node has of the user KEYS[1]; forgets those of dead nodes.
-- ARGV[1] begins the names of the nodes' leases.

local living = {}
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  if redis.call('EXISTS', ARGV[1] .. all[i]) == 1 then
    living[#living + 1] = all[i + 1]
  else
    redis.call('HDEL', KEYS[1], all[i])
  end
end
return living
