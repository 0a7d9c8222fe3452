-- Whom Laravel was told to be online. Follows hooks.lua, as the notices go among those that wait;
-- shared by the scripts that follow it.
-- KEYS[11] on: the nodes by the end of their lease, on how many nodes each user is, who was told,
-- who is away and since when.
-- ARGV[3]: how many notices may wait. ARGV[4]: how many bytes. ARGV[5]: begins the names of the sets
-- of the users on a node. ARGV[6]: the node.

local nodes, places, told, leaving = KEYS[11], KEYS[12], KEYS[13], KEYS[14]
local users, node = ARGV[5], ARGV[6]

local function came(user)
  if redis.call('SADD', users .. node, user) == 1 then
    redis.call('HINCRBY', places, user, 1)
  end
  redis.call('ZREM', leaving, user)
end

-- Is on one node less since then.
local function gone(user, since)
  if redis.call('HINCRBY', places, user, -1) > 0 then
    return
  end
  redis.call('HDEL', places, user)
  if redis.call('SISMEMBER', told, user) == 1 then
    redis.call('ZADD', leaving, whole(since), user)
  end
end

-- A name of all that is known here: another one means that Redis has lost it.
local function epoch()
  redis.call('HSETNX', sums, 'epoch', whole(now) .. '-' .. node)
  return redis.call('HGET', sums, 'epoch')
end

-- Renews the node's lease; answers whether it lasted until now: if not, other nodes may have taken
-- some of its users already.
local function renew(lease)
  local before = tonumber(redis.call('ZSCORE', nodes, node) or 0)
  redis.call('ZADD', nodes, whole(now + lease), node)
  return before > now and 1 or 0
end

local function answer(known, more)
  local dropped = shrink(tonumber(ARGV[3]), tonumber(ARGV[4]))
  return {counts(), dropped, known, epoch(), more}
end

