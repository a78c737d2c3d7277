/**
 * Counts requests in a hash of buckets, by the engine's clock. KEYS[1] is the hash, ARGV[1] the
 * question as JSON:
 * - `bucketMs`, `windowMs`,
 * - `added`: requests counted elsewhere, as pairs of bucket and number,
 * - `known`: what to begin with when there is no hash, as such pairs; without it there is no answer
 *   in that case,
 * - `most`: one more request is taken when there are no more than so many; without it none is.
 *
 * Answers with whether one was taken, milliseconds until one may be, the engine's time in epoch
 * milliseconds, the total and, after them, the buckets with their numbers. What is no bucket or lies
 * outside of the window is removed.
 */
export const COUNT_REQUESTS = `
local asked = cjson.decode(ARGV[1])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local current = math.floor(now / asked.bucketMs)
local span = asked.windowMs / asked.bucketMs
local counts = {}
if redis.call('TYPE', KEYS[1]).ok == 'hash' then
  local all = redis.call('HGETALL', KEYS[1])
  for i = 1, #all, 2 do
    local bucket, count = tonumber(all[i]), tonumber(all[i + 1])
    if bucket and count and math.abs(bucket - current) <= span and count > 0 then
      counts[bucket] = count
    else
      redis.call('HDEL', KEYS[1], all[i])
    end
  end
elseif asked.known then
  redis.call('DEL', KEYS[1])
  for _, pair in ipairs(asked.known) do counts[pair[1]] = pair[2] end
  for bucket, count in pairs(counts) do redis.call('HSET', KEYS[1], bucket, count) end
else
  return false
end
local function add(bucket, number)
  counts[bucket] = math.max((counts[bucket] or 0) + number, 0)
  redis.call('HSET', KEYS[1], bucket, counts[bucket])
end
for _, pair in ipairs(asked.added) do add(pair[1], pair[2]) end
add(current, 0)
local buckets, total = {}, 0
for bucket, count in pairs(counts) do
  total = total + count
  table.insert(buckets, bucket)
end
table.sort(buckets)
local taken, wait = 0, 0
if asked.most then
  if total <= asked.most then
    taken = 1
    total = total + 1
    add(current, 1)
  else
    local excess = total - math.max(asked.most, 0)
    for _, bucket in ipairs(buckets) do
      excess = excess - counts[bucket]
      if excess <= 0 then
        wait = (bucket + 1) * asked.bucketMs + asked.windowMs - now
        break
      end
    end
  end
end
redis.call('PEXPIRE', KEYS[1], asked.windowMs + asked.bucketMs)
local answer = {taken, wait, now, total}
for _, bucket in ipairs(buckets) do
  table.insert(answer, bucket)
  table.insert(answer, counts[bucket])
end
return answer
`

/** Numbers of requests by bucket. */
export type Buckets = ReadonlyMap<number, number>

export interface CountAnswer {
  readonly isTaken: boolean
  readonly waitMs: number
  /** The engine's clock, epoch milliseconds. */
  readonly now: number
  readonly buckets: Buckets
}

/** What the script answered; undefined: there is no hash, and nothing was given to begin with. */
export function readCountAnswer(answer: unknown): CountAnswer | undefined {
  if (answer === null) return undefined
  const [taken, waitMs, now, _total, ...pairs] = answer as [number, number, number, number]
  const flat: number[] = pairs
  const buckets = new Map<number, number>()
  for (let at = 0; at < flat.length; at += 2) buckets.set(Number(flat[at]), Number(flat[at + 1]))
  return { isTaken: taken === 1, waitMs, now, buckets }
}
