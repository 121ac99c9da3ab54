-- Lets go of a claim, unless another one has come since.
local known = redis.call('HMGET', KEYS[1], 'h', 'g')
if known[1] == ARGV[1] and known[2] == ARGV[2] then
  redis.call('HDEL', KEYS[1], 'h')
end
return 1
