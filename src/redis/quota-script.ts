import { BUDGET_WINDOW } from '../spotify/gate/request-quota.ts'

const { windowMs, bucketMs } = BUDGET_WINDOW
/** Requests in a bucket: more than Spotify would answer in five minutes, so nobody counted them. */
const MAX_COUNT = 1_000_000
/** No replica has counted so many times the limit in a bucket, whatever it was cut off from. */
const ABSURD_FACTOR = 10
/** How far the clock of Redis may be set back before its own past looks like the future. */
const MAX_AHEAD_MS = 3_600_000
/** A replica that has sent nothing for so long is gone. */
export const PRESENT_MS = 15_000

/**
 * Counts the Web API requests of all replicas in the hash KEYS[1], by the clock of Redis. A field
 * `BUCKET:REPLICA` holds the requests of one replica in one bucket, and `REPLICA` alone writes it; a
 * field `replica:REPLICA` holds the times of its last message and of the reply before that. ARGV[1] is a `CountMessage`, the reply
 * a `CountReply`, both JSON. There is no reply when Redis has forgotten something since the last one,
 * unless the message says what the replica knows: then the larger of both counts stays.
 *
 * A message replaces all counts of its replica, so it may be lost, repeated or left without a reply:
 * the next one corrects what Redis holds. Removes whatever is malformed or outside of the window.
 */
export const COUNT_REQUESTS = `
local asked = cjson.decode(ARGV[1])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local current = math.floor(now / ${bucketMs})
local function isCount(bucket, count)
  return bucket >= current - ${windowMs / bucketMs} and bucket <= current + ${MAX_AHEAD_MS / bucketMs}
    and count and count > 0 and count <= asked.mostInBucket
end
local function fieldOf(bucket) return string.format('%.0f:%s', bucket, asked.replica) end
local own = {}
for _, pair in ipairs(asked.own) do
  -- A replica whose clock is ahead counts now.
  local field = fieldOf(math.min(pair[1], current))
  own[field] = (own[field] or 0) + pair[2]
end
if redis.call('TYPE', KEYS[1]).ok ~= 'hash' then redis.call('DEL', KEYS[1]) end
local others, replicas, seen, heard = {}, 1, 0, now
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local field, value = all[i], tonumber(string.match(all[i + 1], '^%d+$'))
  local bucket, owner = string.match(field, '^(%d+):([%x-]+)$')
  local replica = string.match(field, '^replica:([%x-]+)$')
  local sent, known = string.match(all[i + 1], '^(%d+) (%d+)$')
  local age = replica and sent and now - tonumber(sent)
  if replica == asked.replica then
    seen = tonumber(sent or '0')
  elseif age and age < ${PRESENT_MS} and age > -${MAX_AHEAD_MS} then
    replicas = replicas + 1
    heard = math.min(heard, tonumber(known))
  elseif owner and owner ~= asked.replica and isCount(tonumber(bucket), value) then
    others[field] = value
  elseif not own[field] then
    redis.call('HDEL', KEYS[1], field)
  end
end
if seen < asked.seen then
  if not asked.known then return false end
  for field, count in pairs(asked.known) do
    local bucket = tonumber(string.match(field, '^%d+'))
    if isCount(bucket, count) and count > (others[field] or 0) then
      others[field] = count
      redis.call('HSET', KEYS[1], field, count)
    end
  end
end
local total, taken = 0, {}
for _, counts in ipairs({own, others}) do
  for _, count in pairs(counts) do total = total + count end
end
for nth, most in ipairs(asked.mostBefore) do
  taken[nth] = total <= most
  if taken[nth] then
    total = total + 1
    own[fieldOf(current)] = (own[fieldOf(current)] or 0) + 1
  end
end
for field, count in pairs(own) do redis.call('HSET', KEYS[1], field, count) end
redis.call('HSET', KEYS[1], 'replica:' .. asked.replica, string.format('%.0f %.0f', now, asked.seen))
redis.call('PEXPIRE', KEYS[1], ${windowMs + bucketMs})
return cjson.encode({
  taken = taken, now = now, replicas = replicas, heard = heard, others = others
})
`

/** A number of requests, and the bucket in which they left. */
export type BucketCount = readonly [bucket: number, requests: number]

/** Requests of the other replicas, by field. */
export type OtherCounts = Readonly<Record<string, number>>

export interface CountMessage {
  readonly replica: string
  /** The time of the last reply, 0 before the first; epoch milliseconds on the clock of Redis. */
  readonly seen: number
  /** All requests of the replica in the window. */
  readonly own: readonly BucketCount[]
  /** For each request that is about to leave: it may when no more than so many are counted. */
  readonly mostBefore: readonly number[]
  /** Larger counts are not believed. */
  readonly mostInBucket: number
  /** What the last reply said of the others. */
  readonly known?: OtherCounts
}

export interface CountReply {
  /** For each request that is about to leave, whether it may, and is counted. */
  readonly taken: readonly boolean[]
  /** The clock of Redis, epoch milliseconds. */
  readonly now: number
  /** Replicas that have sent something within `PRESENT_MS`, this one included. */
  readonly replicas: number
  /** Since then another replica may not have learnt the counts; the clock of Redis. */
  readonly heard: number
  readonly others: OtherCounts
}

/** The largest count of a bucket that a replica may have with this limit. */
export function mostInBucket(limit: number | undefined): number {
  return Math.min(limit === undefined ? MAX_COUNT : ABSURD_FACTOR * limit, MAX_COUNT)
}
