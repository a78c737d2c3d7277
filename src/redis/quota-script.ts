/** Requests in a bucket: more than Spotify would answer in five minutes, so nobody counted them. */
const MAX_COUNT = 1_000_000
/** How far the clock of Redis may be set back before its own past looks like the future. */
const MAX_AHEAD_MS = 3_600_000

/**
 * Counts requests in a hash, by the engine's clock. KEYS[1] is the hash, ARGV[1] a message as JSON:
 * - `bucketMs`, `windowMs`, `presentMs`, `rememberedMs`: lengths of time,
 * - `mostInBucket`: a larger count of a bucket is not believed,
 * - `replica`, `sequence`: whose message it is, and which of them, from 1 on,
 * - `added`: requests counted elsewhere, as pairs of bucket and number; those of a replica whose clock
 *   is ahead count now,
 * - `mostBefore`: for each request that is about to leave, the total before it at most,
 * - `known`: what the replica knows, as pairs of bucket and number; of each bucket the larger count
 *   holds. Without it there is no answer where there is no hash, or one that does not know of the
 *   message before: what has been counted was lost.
 *
 * Answers with 1 or 0 for each that is about to leave, the bucket in which they count, the engine's
 * time in epoch milliseconds, how many replicas have written within `presentMs`, and the buckets with
 * their numbers. A message that comes again gets the same answer and counts nothing, and one that
 * comes after its successors does the same as none. Removes what is no count, and what lies outside of
 * the window or in the future. What a message gives back after such a loss may have been given back
 * before, and is therefore not taken off.
 */
export const COUNT_REQUESTS = `
local asked = cjson.decode(ARGV[1])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local current = math.floor(now / asked.bucketMs)
local span = asked.windowMs / asked.bucketMs
local mine = 'replica:' .. asked.replica
local counts, replicas, last = {}, 1, nil
local most = math.min(asked.mostInBucket or ${MAX_COUNT}, ${MAX_COUNT})
local ahead = ${MAX_AHEAD_MS} / asked.bucketMs
local function isInside(bucket) return bucket >= current - span and bucket <= current + ahead end
local function whole(text) return #text < 16 and tonumber(string.match(text, '^%d+$')) end
local function seenMs(value) return tonumber(string.match(value, '^(%d+) %d+ %d+ [01]*$')) end
if redis.call('TYPE', KEYS[1]).ok == 'hash' then
  local all = redis.call('HGETALL', KEYS[1])
  for i = 1, #all, 2 do
    local field, value = all[i], all[i + 1]
    local bucket, count = whole(field), whole(value)
    local age = string.sub(field, 1, 8) == 'replica:' and now - (seenMs(value) or 0)
    if bucket and isInside(bucket) and count and count > 0 and count <= most then
      counts[bucket] = count
    elseif age and age > -${MAX_AHEAD_MS} and age < asked.rememberedMs then
      if field == mine then last = value
      elseif age < asked.presentMs then replicas = replicas + 1 end
    else
      redis.call('HDEL', KEYS[1], field)
    end
  end
end
local isHash = redis.call('TYPE', KEYS[1]).ok == 'hash'
local lastSequence, lastBucket, lastFlags = string.match(last or '', '^%d+ (%d+) (%d+) ([01]*)$')
local isUpToDate = tonumber(lastSequence or '0') >= asked.sequence - 1
if not asked.known and not (isHash and isUpToDate) then return false end
if not isHash then redis.call('DEL', KEYS[1]) end
for _, pair in ipairs(asked.known or {}) do
  if isInside(pair[1]) and pair[2] > (counts[pair[1]] or 0) then
    counts[pair[1]] = pair[2]
    redis.call('HSET', KEYS[1], pair[1], pair[2])
  end
end
local sequence, takenBucket, flags = asked.sequence, current, ''
if lastSequence and tonumber(lastSequence) >= asked.sequence then
  sequence, takenBucket, flags = tonumber(lastSequence), tonumber(lastBucket), lastFlags
else
  for _, pair in ipairs(asked.added) do
    local bucket = math.min(pair[1], current)
    if isInside(bucket) and (pair[2] > 0 or isUpToDate) then
      counts[bucket] = math.max((counts[bucket] or 0) + pair[2], 0)
      redis.call('HSET', KEYS[1], bucket, counts[bucket])
    end
  end
  local total, taken = 0, 0
  for _, count in pairs(counts) do total = total + count end
  for _, most in ipairs(asked.mostBefore) do
    local may = total + taken <= most
    if may then taken = taken + 1 end
    flags = flags .. (may and '1' or '0')
  end
  counts[current] = (counts[current] or 0) + taken
  redis.call('HSET', KEYS[1], current, counts[current])
end
redis.call('HSET', KEYS[1], mine, string.format('%.0f %.0f %.0f ', now, sequence, takenBucket) .. flags)
redis.call('PEXPIRE', KEYS[1], asked.windowMs + asked.bucketMs)
local taken, buckets = {}, {}
for flag in string.gmatch(flags, '.') do table.insert(taken, tonumber(flag)) end
for bucket, count in pairs(counts) do
  table.insert(buckets, bucket)
  table.insert(buckets, count)
end
return {taken, takenBucket, now, replicas, buckets}
`

/** A number of requests, and the bucket in which they left. */
export type BucketCount = readonly [bucket: number, requests: number]

/** What a replica tells the count, and asks of it. */
export interface CountMessage {
  readonly replica: string
  /** Counts the messages of the replica, from 1 on. */
  readonly sequence: number
  readonly added: readonly BucketCount[]
  /** Of each request that is about to leave: the total before it at most. */
  readonly mostBefore: readonly number[]
}

export interface CountAnswer {
  /** For each that is about to leave, whether it may, and has been counted. */
  readonly taken: readonly boolean[]
  readonly takenBucket: number
  /** The engine's clock, epoch milliseconds. */
  readonly now: number
  /** How many there are, the one that asked included. */
  readonly replicas: number
  readonly buckets: readonly BucketCount[]
}

/** What the script answered; undefined: the hash was lost, and it was not said what is known. */
export function readCountAnswer(answer: unknown): CountAnswer | undefined {
  if (answer === null) return undefined
  const [flags, takenBucket, now, replicas, flat] = answer as [
    number[],
    number,
    number,
    number,
    number[],
  ]
  const buckets: BucketCount[] = []
  for (let at = 0; at < flat.length; at += 2) buckets.push([Number(flat[at]), Number(flat[at + 1])])
  return { taken: flags.map(flag => flag === 1), takenBucket, now, replicas, buckets }
}
