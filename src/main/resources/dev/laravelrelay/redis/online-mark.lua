-- ARGV[7]: the lease in milliseconds. Then for each user: his id, how he is, and the id, bytes, weight
-- and lane of the notice that he is online. He is on the node: 1, or 2 if Laravel was told; he is not:
-- 0, or 3 if Laravel was told that he is somewhere.

local known = renew(tonumber(ARGV[7]))
for i = 8, #ARGV, 6 do
  local user, here = ARGV[i], ARGV[i + 1]
  if here == '0' then
    if redis.call('SREM', users .. node, user) == 1 then
      gone(user, now)
    end
  elseif here == '3' then
    redis.call('SADD', told, user)
    if redis.call('HEXISTS', places, user) == 0 then
      redis.call('ZADD', leaving, whole(now), user)
    end
  else
    came(user)
    if redis.call('SADD', told, user) == 1 and here == '1' then
      put(ARGV[i + 2], ARGV[i + 3], tonumber(ARGV[i + 4]), '0', '-', ARGV[i + 5])
    end
  end
end
return answer(known, {})
