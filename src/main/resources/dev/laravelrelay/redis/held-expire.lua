-- Forgets the events whose time is over: answers them, and when the next one's is, or nothing.

local over = expire()
local first = redis.call('ZRANGE', ends, 0, 0, 'WITHSCORES')
return {over, first[2] and whole(tonumber(first[2])) or ''}
