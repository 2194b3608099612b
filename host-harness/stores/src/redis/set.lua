-- Keeps a value and lists its key. ARGV: value, key, seconds until it is forgotten (0: never), what it counts for, the shelf's quota, how many
-- values one write may remove. Answers how many had to go.
local key, seconds = ARGV[2], tonumber(ARGV[3])
local prefix = string.sub(KEYS[1], 1, #KEYS[1] - #key)
uncount(key)
if seconds == 0 then
    redis.call('SET', KEYS[1], ARGV[1])
    redis.call('ZADD', KEYS[2], 0, key)
    redis.call('PERSIST', KEYS[2])
    return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'EX', seconds)
-- A list with an entry that stays must stay too.
local stays = redis.call('TTL', KEYS[2]) == -1
redis.call('ZADD', KEYS[2], 0, key)
if not stays then
    redis.call('EXPIRE', KEYS[2], seconds)
end
redis.call('ZADD', KEYS[3], redis.call('HINCRBY', KEYS[5], 'writes', 1), key)
redis.call('HSET', KEYS[4], key, ARGV[4])
redis.call('HINCRBY', KEYS[5], 'bytes', ARGV[4])
for place = 3, 5 do
    redis.call('EXPIRE', KEYS[place], seconds)
end
-- Entries are forgotten by the server, their keys are not: each writing looks at a few, so what is listed and counted stays about as much as
-- there is. What was written first is forgotten first.
local function is_gone(other)
    return redis.call('EXISTS', prefix .. other) == 0
end
for _, other in ipairs(redis.call('ZRANDMEMBER', KEYS[2], 3)) do
    if is_gone(other) then
        redis.call('ZREM', KEYS[2], other)
        uncount(other)
    end
end
local went = 0
for _ = 1, tonumber(ARGV[6]) do
    local oldest = redis.call('ZRANGE', KEYS[3], 0, 0)[1]
    if oldest == key then
        break
    end
    local gone = is_gone(oldest)
    if not gone and tonumber(redis.call('HGET', KEYS[5], 'bytes')) <= tonumber(ARGV[5]) then
        break
    end
    if not gone then
        redis.call('DEL', prefix .. oldest)
        went = went + 1
    end
    redis.call('ZREM', KEYS[2], oldest)
    uncount(oldest)
end
return went
