-- Acknowledges the entries ARGV[2], ... of the group ARGV[1], and deletes them.

for i = 2, #ARGV do
  redis.call('XACK', KEYS[1], ARGV[1], ARGV[i])
  redis.call('XDEL', KEYS[1], ARGV[i])
end
return #ARGV - 1
