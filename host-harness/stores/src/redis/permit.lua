-- Asks for a start in a window that nodes share. KEYS: the starts, the nodes. ARGV: most, window in ms, how long a start may be about to
-- happen in ms, the permit's name, the node's name, how many wait there, how long a node is remembered in ms.
-- A start is scored with its moment; one about to happen, with the moment until which that is believed.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.ceil(time[2] / 1000)
local most, window, hold, node = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[5]
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - window)
local leaving = {}
local starts = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
for i = 2, #starts, 2 do
    leaving[#leaving + 1] = math.min(tonumber(starts[i]), now) + window - now
end
local permitted = 0
if #leaving < most then
    permitted = 1
    redis.call('ZADD', KEYS[1], now + hold, ARGV[4])
    redis.call('PEXPIRE', KEYS[1], hold + window)
end
-- Who has a permit does not wait any more.
redis.call('HSET', KEYS[2], node, now .. ':' .. (ARGV[6] - permitted))
redis.call('PEXPIRE', KEYS[2], ARGV[7])
local nodes, waiting = 0, {}
local known = redis.call('HGETALL', KEYS[2])
for i = 1, #known, 2 do
    local at, many = string.match(known[i + 1], '^(%d+):(%d+)$')
    local age = now - tonumber(at)
    if age > tonumber(ARGV[7]) then
        redis.call('HDEL', KEYS[2], known[i])
    else
        nodes = nodes + 1
        -- Who waits asks again well within a window.
        if known[i] ~= node and age <= window then
            waiting[#waiting + 1] = tonumber(many)
        end
    end
end
return { permitted, nodes, leaving, waiting }
