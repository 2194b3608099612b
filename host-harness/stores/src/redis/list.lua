-- A page of a shelf's keys, and one more than the limit where there are more. KEYS: what the names of the shelf's entries begin with, the
-- shelf's list. ARGV: position, limit.
local position, limit = tonumber(ARGV[1]), tonumber(ARGV[2])
local found = {}
while true do
    local from = position + #found
    local keys = redis.call('ZRANGE', KEYS[2], from, from + limit - #found)
    local gone = 0
    for _, key in ipairs(keys) do
        if redis.call('EXISTS', KEYS[1] .. key) == 1 then
            found[#found + 1] = key
        else
            redis.call('ZREM', KEYS[2], key)
            gone = gone + 1
        end
    end
    if gone == 0 or #found > limit then
        return found
    end
end
