-- How much the cached values of a shelf take. Every script that changes an entry begins with this.
-- KEYS[1] is the entry, KEYS[2] the shelf's list; KEYS[3] has the keys of cached values in the order of writing, KEYS[4] what each counts for,
-- KEYS[5] their sum and the number of the last write.

-- A key's value is no cached one any more.
local function uncount(key)
    redis.call('ZREM', KEYS[3], key)
    local bytes = redis.call('HGET', KEYS[4], key)
    if bytes then
        redis.call('HDEL', KEYS[4], key)
        redis.call('HINCRBY', KEYS[5], 'bytes', -bytes)
    end
end
