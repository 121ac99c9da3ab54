-- Publishes events, all of them or none, and sets the reconnection time.
local stream, meta, counts, key = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local node, lives, channel, epoch = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local max_events, max_bytes, max_age = ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[7])
local stream_ttl, meta_ttl, tag, tried = ARGV[8], ARGV[9], ARGV[10], tonumber(ARGV[11])
local key_window, digest, retry = ARGV[12], ARGV[13], ARGV[14]
local FIRST = 15
local EXPIRE = 10000
local events = #ARGV - FIRST + 1

local time = millis()
local known = redis.call('HMGET', meta, 's', 'e', 'l', 'i', 'f', 'b', 'x', 'o', 'r', 'p')
local left = left_of(known[5], time)
if left then
  return { 'finished', left }
end

-- It was sent before, and nobody knows what became of that: the events of the time since then say so.
if tried and 0 < events and known[1] then
  local from = '+'
  while from do
    local page = redis.call('XREVRANGE', stream, from, '-', 'COUNT', 100)
    for _, entry in ipairs(page) do
      local fields = entry[2]
      if fields[4] == tag then
        local life, last = string.match(entry[1], '^(%d+)-(%d+)$')
        local found = string.match(fields[8], '\nid: %d+%.(%w+)\n\n$')
        local first = text(tonumber(last) - events + 1)
        return { 'stored', first, found, life, listeners_elsewhere(counts, node, lives) }
      end
      if tonumber(fields[2]) < time - tried then
        page = {}
        break
      end
    end
    from = nil
    if #page == 100 then
      from = '(' .. page[100][1]
    elseif 0 < #page then
      local oldest = page[#page][2]
      if 0 < tonumber(oldest[6]) - #oldest[8] then
        return { 'unknown' }
      end
    end
  end
end

if key then
  local published = redis.call('HMGET', key, 'd', 's', 'e', 'l')
  -- A key is of the life in which it was used.
  if published[1] and known[2] and published[4] == known[3] then
    if published[1] ~= digest then
      return { 'reused' }
    end
    return { 'duplicate', published[2], published[3], listeners_elsewhere(counts, node, lives) }
  end
end

local seq, life, bytes = tonumber(known[1] or '0'), known[3], tonumber(known[6] or '0')
if not known[2] then
  life = begin(stream, meta, life, epoch, time)
elseif known[4] ~= history() and 0 < events then
  -- The numbers go on, and the epoch tells what comes from what was said before and is lost.
  local ranges = known[9] .. ',' .. text(seq + 1) .. ':' .. epoch
  local oldest = redis.call('XRANGE', stream, life .. '-0', '+', 'COUNT', 1)
  local first = oldest[1] and tonumber(string.match(oldest[1][1], '-(%d+)$')) or seq + 1
  local all = {}
  for range in string.gmatch(ranges, '[^,]+') do
    all[#all + 1] = range
  end
  while 16 < #all and tonumber(string.match(all[2], '^%d+')) <= first do
    table.remove(all, 1)
  end
  redis.call('HSET', meta, 'e', epoch, 'i', history(), 'r', table.concat(all, ','))
else
  epoch = known[2]
end

local others = listeners_elsewhere(counts, node, lives)
if retry ~= '' then
  redis.call('HSET', meta, 'y', retry)
end
local first, now = text(seq + 1), text(time)
local last = events == 1 and first or text(seq + events)
local frames, lens, seqs = {}, {}, { first }
if 0 < events then
  local total = bytes
  for at = 1, events do
    seqs[at] = seqs[at] or text(seq + at)
    local frame = ARGV[FIRST + at - 1] .. 'id: ' .. seqs[at] .. '.' .. epoch .. '\n\n'
    frames[at], lens[at] = frame, #frame
    total = total + #frame
  end
  redis.call('HSET', meta, 's', last, 'b', text(total))
  for at = 1, events do
    bytes = bytes + lens[at]
    redis.call('XADD', stream, 'MAXLEN', '~', max_events, life .. '-' .. seqs[at], 't', now, 'w', tag, 'b', text(bytes),
      'f', frames[at])
  end
  local before, came = tonumber(known[7] or '0'), tonumber(known[8] or time)
  if max_bytes < bytes - before or (max_age and came + max_age <= time) then
    trim(stream, meta, bytes, max_bytes, max_age, time, 1)
  end
end
-- Now and then is enough: both live for longer than they have to by more than that.
if not known[10] or tonumber(known[10]) + EXPIRE <= time then
  expire(stream, stream_ttl)
  expire(meta, meta_ttl)
  redis.call('HSET', meta, 'p', now)
end
if key then
  redis.call('HSET', key, 'd', digest, 's', 0 < events and last or '', 'e', epoch, 'l', life)
  redis.call('PEXPIRE', key, key_window)
end
if 0 < events then
  redis.call('PUBLISH', channel, 'e ' .. life .. ' ' .. first .. ' ' .. table.concat(lens, ',') .. '\n'
    .. table.concat(frames))
end
if retry ~= '' then
  redis.call('PUBLISH', channel, 'y ' .. life .. ' ' .. retry)
end
return { 'stored', first, epoch, life, others }
