-- Forgets the event ARGV[2] after a receipt; answers whether it was there, and the node on which its
-- emitter waits for it, if any.

local known = about(ARGV[2])
if not known then
  return {0, ''}
end
forget(ARGV[2])
return {1, now < known.awaited and known.node or ''}
