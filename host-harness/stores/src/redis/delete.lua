-- Forgets an entry. KEYS: the entry, the shelf's list. ARGV: key.
redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[2], ARGV[1])
return 1
