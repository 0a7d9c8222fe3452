-- What time it is. Shared by the scripts that follow it.

-- Epoch milliseconds: those that are given, else Redis's own, so that no node's clock counts.
local function clock(given)
  if given and given ~= '' then
    return tonumber(given)
  end
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function whole(number)
  return string.format('%.0f', number)
end

