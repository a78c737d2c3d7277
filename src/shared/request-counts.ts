/**
 * Counts requests in a hash, by the engine's clock. KEYS[1] is the hash, ARGV[1] a message as JSON:
 * - `bucketMs`, `windowMs`, `presentMs`, `rememberedMs`: lengths of time,
 * - `replica`, `number`: whose message it is, and its number among those,
 * - `added`: requests counted elsewhere, as pairs of bucket and number,
 * - `takes`: for each request that is about to leave, after how many at most it still may,
 * - `known`: what to begin with when there is no hash, as pairs of bucket and number; without it
 *   there is no answer in that case.
 *
 * Answers with 1 or 0 for each of the takes, the bucket in which they count, the engine's time in
 * epoch milliseconds, how many replicas have written within `presentMs`, and the buckets with their
 * numbers. A message that comes again gets the same answer and counts nothing, and one that comes
 * after its successors does the same as none. What is no bucket or lies outside of the window is
 * removed.
 */
export const COUNT_REQUESTS = `
local asked = cjson.decode(ARGV[1])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local current = math.floor(now / asked.bucketMs)
local span = asked.windowMs / asked.bucketMs
local mine = 'replica:' .. asked.replica
local counts, replicas, last = {}, 1, nil
local function isInside(bucket) return math.abs(bucket - current) <= span end
local function seenMs(value) return tonumber(string.match(value, '^(%d+) %d+ %d+ [01]*$')) end
if redis.call('TYPE', KEYS[1]).ok == 'hash' then
  local all = redis.call('HGETALL', KEYS[1])
  for i = 1, #all, 2 do
    local field, value = all[i], all[i + 1]
    local bucket, count = tonumber(field), tonumber(value)
    local age = string.sub(field, 1, 8) == 'replica:' and now - (seenMs(value) or 0)
    if bucket and count and count > 0 and isInside(bucket) then
      counts[bucket] = count
    elseif age and age < asked.rememberedMs then
      if field == mine then last = value
      elseif age < asked.presentMs then replicas = replicas + 1 end
    else
      redis.call('HDEL', KEYS[1], field)
    end
  end
elseif asked.known then
  redis.call('DEL', KEYS[1])
  for _, pair in ipairs(asked.known) do
    if isInside(pair[1]) then
      counts[pair[1]] = pair[2]
      redis.call('HSET', KEYS[1], pair[1], pair[2])
    end
  end
else
  return false
end
local number, takenIn, flags = asked.number, current, ''
local lastNumber, lastBucket, lastFlags = string.match(last or '', '^%d+ (%d+) (%d+) ([01]*)$')
if lastNumber and tonumber(lastNumber) >= asked.number then
  number, takenIn, flags = tonumber(lastNumber), tonumber(lastBucket), lastFlags
else
  for _, pair in ipairs(asked.added) do
    if isInside(pair[1]) then
      counts[pair[1]] = math.max((counts[pair[1]] or 0) + pair[2], 0)
      redis.call('HSET', KEYS[1], pair[1], counts[pair[1]])
    end
  end
  local total, taken = 0, 0
  for _, count in pairs(counts) do total = total + count end
  for _, most in ipairs(asked.takes) do
    local may = total + taken <= most
    if may then taken = taken + 1 end
    flags = flags .. (may and '1' or '0')
  end
  counts[current] = (counts[current] or 0) + taken
  redis.call('HSET', KEYS[1], current, counts[current])
end
redis.call('HSET', KEYS[1], mine, string.format('%.0f %.0f %.0f ', now, number, takenIn) .. flags)
redis.call('PEXPIRE', KEYS[1], asked.windowMs + asked.bucketMs)
local taken, buckets = {}, {}
for flag in string.gmatch(flags, '.') do table.insert(taken, tonumber(flag)) end
for bucket, count in pairs(counts) do
  table.insert(buckets, bucket)
  table.insert(buckets, count)
end
return {taken, takenIn, now, replicas, buckets}
`

/** A number of requests, and the bucket in which they left. */
export type BucketCount = readonly [bucket: number, requests: number]

/** What a replica tells the count, and asks of it. */
export interface CountMessage {
  readonly replica: string
  /** Counts up from one message of the replica to the next. */
  readonly number: number
  readonly added: readonly BucketCount[]
  readonly takes: readonly number[]
}

export interface CountAnswer {
  /** For each of the takes, whether the request may leave, and has been counted. */
  readonly taken: readonly boolean[]
  readonly takenIn: number
  /** The engine's clock, epoch milliseconds. */
  readonly now: number
  /** How many there are, the one that asked included. */
  readonly replicas: number
  readonly buckets: readonly BucketCount[]
}

/** What the script answered; undefined: there is no hash, and nothing was given to begin with. */
export function readCountAnswer(answer: unknown): CountAnswer | undefined {
  if (answer === null) return undefined
  const [flags, takenIn, now, replicas, flat] = answer as [
    number[],
    number,
    number,
    number,
    number[],
  ]
  const buckets: BucketCount[] = []
  for (let at = 0; at < flat.length; at += 2) buckets.push([Number(flat[at]), Number(flat[at + 1])])
  return { taken: flags.map(flag => flag === 1), takenIn, now, replicas, buckets }
}
