-- Says where a channel stands, for a node that listens there: how many at it listen is noted.
local meta, counts = KEYS[1], KEYS[2]
local node, listeners, meta_ttl = ARGV[1], ARGV[2], ARGV[3]

if listeners == '0' then
  redis.call('HDEL', counts, node)
else
  -- Where Redis has no memory left, the count is missing, and the rest is said all the same.
  redis.pcall('HSET', counts, node, listeners)
  expire(counts, meta_ttl)
end
expire(meta, meta_ttl)
local known = redis.call('HMGET', meta, 'l', 's', 'e', 'y', 'h', 'g')
return { known[3] and known[1] or '', known[2] or '', known[3] or '', known[4] or '', known[5] or '', known[6] or '' }
