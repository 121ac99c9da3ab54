-- Tries every command that the others use, on keys of its own; returns those that are not permitted.
local key, channel = KEYS[1], ARGV[1]
local tried = {
  { 'INFO', 'replication' }, { 'TIME' }, { 'DEL', key }, { 'HSET', key, 'a', '1' }, { 'HMGET', key, 'a' },
  { 'HINCRBY', key, 'a', 1 }, { 'HGETALL', key }, { 'HDEL', key, 'a' }, { 'PEXPIRE', key, 1000 }, { 'DEL', key },
  { 'XADD', key, '1-1', 'a', '1' }, { 'XRANGE', key, '-', '+' }, { 'XREVRANGE', key, '+', '-' },
  { 'XDEL', key, '1-1' }, { 'XTRIM', key, 'MAXLEN', 0 }, { 'DEL', key }, { 'SET', key, '1', 'PX', 1000 },
  { 'EXISTS', key }, { 'DEL', key }, { 'PUBLISH', channel, '' },
}
local function is_denied(message)
  return string.find(message, 'permission') or string.find(message, 'user executing the script')
end

local missing, is_known = {}, {}
for _, command in ipairs(tried) do
  local answer = redis.pcall(unpack(command))
  if type(answer) == 'table' and answer.err and is_denied(answer.err) and not is_known[command[1]] then
    is_known[command[1]] = true
    missing[#missing + 1] = command[1]
  end
end
return missing
