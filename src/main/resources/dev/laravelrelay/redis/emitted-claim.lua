-- Claims the id KEYS[1] with ARGV[1] for ARGV[2] milliseconds; answers what is known of it already.
-- What the same node claimed before and could not give back, it may claim anew.

local known = redis.call('GET', KEYS[1])
if known and known ~= ARGV[1] then
  return known
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return false
