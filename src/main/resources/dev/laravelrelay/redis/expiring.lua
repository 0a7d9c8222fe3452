-- When held events end first. Shared by the scripts that follow it.
-- KEYS[1]: the users by when to look at theirs.
-- ARGV[1]: epoch milliseconds, or nothing: then Redis's own clock counts.

local expiring = KEYS[1]
local now
if ARGV[1] ~= '' then
  now = tonumber(ARGV[1])
else
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end

local function whole(number)
  return string.format('%.0f', number)
end

