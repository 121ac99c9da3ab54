-- Reads events behind a number: of the life that is named, or of the one that goes on.
local stream, meta = KEYS[1], KEYS[2]
local life, after, max_bytes = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local max_events, max_age = tonumber(ARGV[4]), tonumber(ARGV[5])

local time = millis()
local known = redis.call('HMGET', meta, 's', 'e', 'l', 'r', 'f', 'zl', 'zs', 'ze', 'y')
local current = known[2] and known[3] or ''
if life == '' then
  life = current
end
local top = life == current and known[1] or life == known[6] and known[7] or '0'
local last = math.max(after, tonumber(top) - max_events)
local answer = { current, known[1] or '', known[2] or '', known[4] or '', left_of(known[5], time) or '',
  known[6] or '', known[7] or '', known[8] or '', known[9] or '', '' }
local UNTIL = #answer
if life == '' or tonumber(top) <= after then
  answer[UNTIL] = text(after)
  return answer
end

local bytes, is_full = 0, false
repeat
  local page = redis.call('XRANGE', stream, life .. '-' .. text(last + 1), life .. '-' .. top, 'COUNT', 64)
  for _, entry in ipairs(page) do
    local fields = entry[2]
    is_full = 0 < bytes and max_bytes < bytes + #fields[8]
    if is_full then
      break
    end
    last = tonumber(string.match(entry[1], '-(%d+)$'))
    if not (max_age and tonumber(fields[2]) + max_age <= time) then
      bytes = bytes + #fields[8]
      answer[#answer + 1] = fields[8]
    end
  end
until is_full or #page < 64
answer[UNTIL] = is_full and text(last) or top
return answer
