-- A start happened, now. KEYS: the starts. ARGV: the permit's name, how long the starts are kept in ms.
local time = redis.call('TIME')
redis.call('ZADD', KEYS[1], time[1] * 1000 + math.ceil(time[2] / 1000), ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
