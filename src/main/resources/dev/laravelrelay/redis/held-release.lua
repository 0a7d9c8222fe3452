-- Forgets the event ARGV[2] after a receipt; answers whether it was there. If its emitter waits on
-- another node than ARGV[3], that node is told ARGV[5] on the channel that ARGV[4] begins.

local known = about(ARGV[2])
if not known then
  return 0
end
forget(ARGV[2])
if known.node ~= '' and known.node ~= ARGV[3] and now < known.awaited then
  redis.call('PUBLISH', ARGV[4] .. known.node, ARGV[5])
end
return 1
