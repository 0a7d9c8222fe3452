-- Queues dead notices anew: ARGV[5], or all. ARGV[3], ARGV[4]: as for adding. Answers how many were
-- dropped, and how many were queued.

local ids = ARGV[5] and {ARGV[5]} or redis.call('ZRANGE', deaths, 0, -1)
local queued = 0
for _, id in ipairs(ids) do
  local bytes = redis.call('HGET', dead, 'n:' .. id)
  if bytes then
    local weight, lane = string.match(redis.call('HGET', dead, 'a:' .. id), '^(%d+) (.*)$')
    put(id, bytes, tonumber(weight), '0', '-', lane)
    redis.call('ZREM', deaths, id)
    redis.call('HDEL', dead, 'n:' .. id, 'a:' .. id, 'd:' .. id)
    queued = queued + 1
  end
end
local dropped = shrink(tonumber(ARGV[3]), tonumber(ARGV[4]))
return {counts(), dropped, queued}
