-- Gives the id KEYS[1] back, if it is still claimed with ARGV[1].

if redis.call('GET', KEYS[1]) == ARGV[1] then
  return redis.call('DEL', KEYS[1])
end
return 0
