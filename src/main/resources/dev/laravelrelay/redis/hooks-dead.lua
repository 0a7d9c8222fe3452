-- Answers of each dead notice, oldest first, its id and what is to be known of it.

local all = {}
for _, id in ipairs(redis.call('ZRANGE', deaths, 0, -1)) do
  all[#all + 1] = id
  all[#all + 1] = redis.call('HGET', dead, 'd:' .. id)
end
return {counts(), all}
