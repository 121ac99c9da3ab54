-- Says what is known of a channel, whose life begins where nothing is, and claims it for one listener.
local stream, meta = KEYS[1], KEYS[2]
local node, lives, channel, epoch = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local max_events, max_bytes, max_age, meta_ttl = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV[8]
local mode, lease = ARGV[9], ARGV[10]

local time = millis()
local known = redis.call('HMGET', meta, 's', 'e', 'l', 'f', 'r', 'y', 'h', 'b', 'o')
local left = left_of(known[4], time)
if left then
  return { 'finished', left }
end
local seq, life, ranges, retry = known[1], known[3], known[5], known[6]
if known[2] then
  epoch = known[2]
else
  life = begin(stream, meta, life, epoch, time)
  seq, ranges, retry = '0', '0:' .. epoch, false
end
expire(meta, meta_ttl)
if max_age and known[9] and tonumber(known[9]) + max_age <= time then
  trim(stream, meta, tonumber(known[8]), max_bytes, max_age, time, 100)
end
local oldest = redis.call('XRANGE', stream, life .. '-0', '+', 'COUNT', 1)
local first = tonumber(seq) + 1
if oldest[1] then
  first = math.max(tonumber(string.match(oldest[1][1], '-(%d+)$')), first - max_events)
end

local holder = known[7]
local is_taken = holder and holder ~= node and redis.call('EXISTS', lives .. holder) == 1
local fence = ''
if mode ~= '' and not (is_taken and mode == 'exclusive') then
  redis.call('SET', lives .. node, '1', 'PX', lease)
  fence = text(redis.call('HINCRBY', meta, 'g', 1))
  redis.call('HSET', meta, 'h', node)
  if holder and holder ~= node then
    redis.call('PUBLISH', channel, 'r ' .. node .. ' ' .. fence)
  end
  is_taken = false
end
return { 'open', seq, epoch, life, ranges, retry or '', text(first), is_taken and '1' or '0', fence }
