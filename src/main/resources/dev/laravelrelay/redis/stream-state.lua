-- Answers how many entries no node has read, how many are read and not done, which was read last,
-- and for how many milliseconds the oldest has been there. What is done is deleted: so what is not
-- pending was not read.

local length = redis.call('XLEN', KEYS[1])
if redis.call('EXISTS', KEYS[1]) == 0 then
  return {0, 0, '', 0}
end
local pending, last = 0, ''
for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local about = {}
  for i = 1, #group, 2 do
    about[group[i]] = group[i + 1]
  end
  if about.name == ARGV[1] then
    pending, last = about.pending, about['last-delivered-id']
  end
end
local age = 0
local oldest = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
if oldest then
  age = clock() - tonumber(string.match(oldest[1], '^%d+'))
end
return {math.max(0, length - pending), pending, last, math.max(0, age)}
