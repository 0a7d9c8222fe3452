-- Forgets the consumers of the group ARGV[1] that have nothing pending, except ARGV[2].

if redis.call('EXISTS', KEYS[1]) == 0 then
  return 0
end
local forgotten = 0
for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  local about = {}
  for i = 1, #consumer, 2 do
    about[consumer[i]] = consumer[i + 1]
  end
  if about.pending == 0 and about.name ~= ARGV[2] then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], about.name)
    forgotten = forgotten + 1
  end
end
return forgotten
