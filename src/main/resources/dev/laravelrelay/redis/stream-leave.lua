-- Lets another node read the stream, if the node ARGV[1] did.

if redis.call('GET', KEYS[1]) == ARGV[1] then
  redis.call('DEL', KEYS[1])
end
return 1
