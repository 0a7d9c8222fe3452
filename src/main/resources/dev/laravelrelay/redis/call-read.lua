-- Answers Redis's time, and the call KEYS[1].

return {clock(), redis.call('GET', KEYS[1])}
