-- Numbers are written out: Lua makes 1e+14 of a hundred trillion.
local function text(number)
  return string.format('%.0f', number)
end

local function millis()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- Another one means that this server's past may differ from what it has told before.
local function history()
  local info = redis.call('INFO', 'replication')
  -- Without a pattern: that takes three times as long as INFO.
  local _, before = string.find(info, 'master_replid:', 1, true)
  return before and string.sub(info, before + 1, before + 40) or ''
end

-- For how long a channel takes nothing, if it does not.
local function left_of(finished, time)
  if finished and time < tonumber(finished) then
    return text(tonumber(finished) - time)
  end
end

-- Begins a life of a channel. Its number is greater than those before, also where nothing is known of them.
local function begin(stream, meta, before, epoch, time)
  local life = text(math.max(time, (tonumber(before) or 0) + 1))
  -- The first command is one that Redis refuses where it has no memory, so that all of it is done or nothing.
  redis.call('HSET', meta, 's', '0', 'e', epoch, 'l', life, 'i', history(), 'r', '0:' .. epoch)
  redis.call('HDEL', meta, 'f', 'y')
  if not before then
    redis.call('DEL', stream)
    redis.call('HSET', meta, 'b', '0', 'x', '0', 'o', text(time))
  end
  return life
end

-- Drops the oldest events that are too old or too many bytes, 64 at a time. Each event says how many bytes there
-- were with it; the channel says how many there were before the oldest, and when that came, or less.
local function trim(stream, meta, bytes, max_bytes, max_age, time, rounds)
  for _ = 1, rounds do
    local oldest = redis.call('XRANGE', stream, '-', '+', 'COUNT', 64)
    for at, entry in ipairs(oldest) do
      local fields = entry[2]
      local before = tonumber(fields[6]) - #fields[8]
      local is_old = max_age and tonumber(fields[2]) + max_age <= time
      if bytes - before <= max_bytes and not is_old then
        redis.call('HSET', meta, 'x', text(before), 'o', fields[2])
        if 1 < at then
          redis.call('XTRIM', stream, 'MINID', entry[1])
        end
        return
      end
    end
    if #oldest < 64 then
      redis.call('XTRIM', stream, 'MAXLEN', 0)
      redis.call('HSET', meta, 'x', text(bytes), 'o', text(time))
      return
    end
    redis.call('XTRIM', stream, 'MINID', oldest[64][1])
    redis.call('XDEL', stream, oldest[64][1])
  end
end

-- How many listen at other nodes. Those of a node that is gone are forgotten.
local function listeners_elsewhere(counts, node, lives)
  local all, sum = redis.call('HGETALL', counts), 0
  for at = 1, #all, 2 do
    if all[at] ~= node then
      if redis.call('EXISTS', lives .. all[at]) == 1 then
        sum = sum + tonumber(all[at + 1])
      else
        redis.call('HDEL', counts, all[at])
      end
    end
  end
  return text(sum)
end

-- Puts off the end of a key.
local function expire(key, ttl)
  if ttl ~= '' then
    redis.call('PEXPIRE', key, ttl)
  end
end
