-- Forgets all; answers those that had expired, and how many there were besides.

local expired = expire()
local left = redis.call('ZCARD', order)
redis.call('DEL', held, order, ends)
return {expired, left}
