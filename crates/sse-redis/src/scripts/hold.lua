-- Whether a node still has the claim with this fencing number, after its time was over; takes it again if nobody has.
local meta, node, fence = KEYS[1], ARGV[1], ARGV[2]

local known = redis.call('HMGET', meta, 'h', 'g')
if known[1] == node and known[2] == fence then
  return 1
end
if not known[1] and (not known[2] or known[2] == fence) then
  redis.call('HSET', meta, 'h', node, 'g', fence)
  return 1
end
return 0
