-- Keeps the call KEYS[1] of the parties ARGV[2] as ringing for ARGV[1] milliseconds, unless it is
-- known. Answers Redis's time, what is known now, whether it is new.

local now = clock()
local known = redis.call('GET', KEYS[1])
if known then
  return {now, known, 0}
end
local call = whole(now + ARGV[1]) .. ' RINGING - ' .. ARGV[2]
redis.call('SET', KEYS[1], call, 'PX', ARGV[1])
return {now, call, 1}
