-- Adds notices, each behind those of its lane. ARGV[3]: how many there may be. ARGV[4]: how many
-- bytes. Then for each its id, itself, weight, whether alone, who waits for the answer, lane. Answers
-- how many were dropped.

for i = 5, #ARGV, 6 do
  put(ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2]), ARGV[i + 3], ARGV[i + 4], ARGV[i + 5])
end
local dropped = shrink(tonumber(ARGV[3]), tonumber(ARGV[4]))
return {counts(), dropped}
