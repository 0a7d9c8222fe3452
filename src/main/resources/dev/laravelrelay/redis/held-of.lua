-- Answers those that had expired, and the events that are left, oldest first.

local expired = expire()
local events = {}
for i, id in ipairs(redis.call('ZRANGE', order, 0, -1)) do
  events[i] = redis.call('HGET', held, 'e:' .. id)
end
return {expired, events}
