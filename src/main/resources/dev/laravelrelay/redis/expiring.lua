-- When held events end first. Follows clock.lua; shared by the scripts that follow it.
-- KEYS[1]: the users by when to look at theirs.
-- ARGV[1]: epoch milliseconds, or nothing: then Redis's own clock counts.

local expiring = KEYS[1]
local now = clock(ARGV[1])

