-- Puts ARGV[2] in place of the call KEYS[1] for ARGV[3] milliseconds, if it still is ARGV[1].
-- Answers Redis's time, and what is known now.

local known = redis.call('GET', KEYS[1])
if known == ARGV[1] then
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
  known = ARGV[2]
end
return {clock(), known}
