-- Ends the life of a channel. Its events stay for a minute, for the nodes that have missed some of them.
local stream, meta, counts = KEYS[1], KEYS[2], KEYS[3]
local node, lives, channel, kept = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local MINUTE = 60000

local time = millis()
local known = redis.call('HMGET', meta, 's', 'e', 'l', 'f')
local left = left_of(known[4], time)
if left then
  return { 'finished', left }
end
local seq, epoch, life = known[1], known[2], known[3]
if not epoch then
  seq, epoch, life = '0', '', life or text(time)
end
local others = listeners_elsewhere(counts, node, lives)
redis.call('HSET', meta, 'l', life, 'zl', life, 'zs', seq, 'ze', epoch)
redis.call('HDEL', meta, 's', 'e', 'i', 'r', 'y', 'h', 'p')
if kept ~= '' then
  redis.call('HSET', meta, 'f', text(time + tonumber(kept)))
end
redis.call('PEXPIRE', meta, text(math.max(tonumber(kept) or 0, MINUTE)))
redis.call('PEXPIRE', stream, MINUTE)
redis.call('PUBLISH', channel, 'f ' .. life .. ' ' .. seq .. ' ' .. kept)
return { 'stored', seq, epoch, life, others }
