-- Tells that users are offline, each unless he came back or another node told it. For each: his id,
-- since when he is away, and the id, bytes, weight and lane of the notice.

for i = 7, #ARGV, 6 do
  local user = ARGV[i]
  if redis.call('ZSCORE', leaving, user) == ARGV[i + 1] then
    redis.call('ZREM', leaving, user)
    redis.call('SREM', told, user)
    put(ARGV[i + 2], ARGV[i + 3], tonumber(ARGV[i + 4]), '0', '-', ARGV[i + 5])
  end
end
return answer(1, {})
