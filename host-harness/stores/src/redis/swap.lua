-- Compare-and-swap. ARGV: value, key, '1' where a value is expected ('0': none), the expected value.
local now = redis.call('GET', KEYS[1])
if ARGV[3] == '1' then
    if now ~= ARGV[4] then
        return 0
    end
elseif now then
    return 0
end
uncount(ARGV[2])
redis.call('SET', KEYS[1], ARGV[1])
redis.call('ZADD', KEYS[2], 0, ARGV[2])
redis.call('PERSIST', KEYS[2])
return 1
