-- Keeps a value and lists its key. KEYS: the entry, the shelf's list. ARGV: value, key, seconds until it is forgotten (0: never).
local seconds = tonumber(ARGV[3])
if seconds == 0 then
    redis.call('SET', KEYS[1], ARGV[1])
    redis.call('ZADD', KEYS[2], 0, ARGV[2])
    redis.call('PERSIST', KEYS[2])
    return 1
end
redis.call('SET', KEYS[1], ARGV[1], 'EX', seconds)
-- A list with an entry that stays must stay too.
local stays = redis.call('TTL', KEYS[2]) == -1
redis.call('ZADD', KEYS[2], 0, ARGV[2])
if not stays then
    redis.call('EXPIRE', KEYS[2], seconds)
end
-- Entries are forgotten by the server, their keys in the list are not: each writing looks at a few, so the list stays about as long as
-- what it lists.
local prefix = string.sub(KEYS[1], 1, #KEYS[1] - #ARGV[2])
for _, key in ipairs(redis.call('ZRANDMEMBER', KEYS[2], 3)) do
    if redis.call('EXISTS', prefix .. key) == 0 then
        redis.call('ZREM', KEYS[2], key)
    end
end
return 1
