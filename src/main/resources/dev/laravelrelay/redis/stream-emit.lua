-- Publishes emits, each to one user, and acknowledges and deletes their entries: all of it or
-- nothing. ARGV[1]: the group. ARGV[2]: the consumer. Then for each its entry's id, the channel of
-- the user's open sessions, that of his suspended ones, and the message. An entry that is not
-- pending with the consumer is done, or another's: it is left alone.
-- Answers for each how many nodes heard it, or -1 if it was left alone.

local stream, group, consumer = KEYS[1], ARGV[1], ARGV[2]
local heard = {}
for i = 3, #ARGV, 4 do
  local id, channel, message = ARGV[i], ARGV[i + 1], ARGV[i + 3]
  local nodes = -1
  if #redis.call('XPENDING', stream, group, id, id, 1, consumer) > 0 then
    nodes = redis.call('PUBLISH', channel, message)
    if nodes > 0 then
      -- without those who listen by a pattern
      nodes = tonumber(redis.call('PUBSUB', 'NUMSUB', channel)[2])
    end
    redis.call('PUBLISH', ARGV[i + 2], message)
    redis.call('XACK', stream, group, id)
    redis.call('XDEL', stream, id)
  end
  heard[#heard + 1] = nodes
end
return heard
