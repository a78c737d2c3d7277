import { BUDGET_WINDOW } from '../spotify/gate/request-quota.ts'

const { windowMs, bucketMs } = BUDGET_WINDOW
/** More requests than one replica can send in a five-minute bucket. */
const MAX_COUNT = 1_000_000
/** Longer than the field names replicas write. */
const MAX_FIELD_LENGTH = 50
/** More than a hundred replicas write in a day. Further fields are forged, and would take long to count. */
const MAX_FIELDS = 50_000
/** How far the Redis clock can be set back before the script rejects earlier counts. */
const MAX_AHEAD_MS = 3_600_000
/** A replica that sends no message for this long has stopped. */
export const PRESENT_MS = 15_000

/**
 * Counts Web API requests from all replicas in the hash KEYS[1], by the Redis clock. Only `REPLICA` writes
 * its fields: `BUCKET:REPLICA` with the number of requests in a bucket, and `replica:REPLICA` with the
 * times of the last message and the previous reply. ARGV[1] is a `QuotaRequest` and the reply a
 * `QuotaReply`, both JSON. If Redis has lost data since the last reply, the reply is nil, unless the
 * request contains the counts known to the replica: then the script keeps the larger count in each field.
 *
 * A request replaces all the replica's counts, so it can be lost, repeated or left without a reply: the
 * next request corrects Redis. The script removes fields that are malformed or outside the window.
 */
export const COUNT_REQUESTS = `
local request = cjson.decode(ARGV[1])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local current = math.floor(now / ${bucketMs})
local function isCount(bucket, count)
  return bucket >= current - ${windowMs / bucketMs} and bucket <= current + ${MAX_AHEAD_MS / bucketMs}
    and count and count > 0 and count <= ${MAX_COUNT}
end
local function fieldOf(bucket) return string.format('%.0f:%s', bucket, request.replica) end
local own = {}
for _, pair in ipairs(request.own) do
  -- The clock of the replica may be ahead.
  local field = fieldOf(math.min(pair[1], current))
  own[field] = (own[field] or 0) + pair[2]
end
if redis.call('TYPE', KEYS[1]).ok ~= 'hash' or redis.call('HLEN', KEYS[1]) > ${MAX_FIELDS} then
  redis.call('DEL', KEYS[1])
end
local others, replicas, lastReplyAt, seenByAll = {}, 1, 0, now
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local field, text = all[i], all[i + 1]
  local bucket, owner, value, replica, sent, known, age
  if #field <= ${MAX_FIELD_LENGTH} and #text <= ${MAX_FIELD_LENGTH} then
    if string.byte(field) == string.byte('r') then
      replica = string.match(field, '^replica:([%x-]+)$')
      sent, known = string.match(text, '^(%d+) (%d+)$')
      age = replica and sent and now - tonumber(sent)
    else
      bucket, owner = string.match(field, '^(%d+):([%x-]+)$')
      value = tonumber(string.match(text, '^%d+$'))
    end
  end
  if replica == request.replica then
    lastReplyAt = tonumber(sent or '0')
  elseif age and age < ${PRESENT_MS} and age > -${MAX_AHEAD_MS} then
    replicas = replicas + 1
    seenByAll = math.min(seenByAll, tonumber(known))
  elseif owner and owner ~= request.replica and isCount(tonumber(bucket), value) then
    others[field] = value
  elseif not own[field] then
    redis.call('HDEL', KEYS[1], field)
  end
end
if lastReplyAt < request.lastReplyAt then
  if not request.known then return false end
  for field, count in pairs(request.known) do
    local bucket = tonumber(string.match(field, '^%d+'))
    if isCount(bucket, count) and count > (others[field] or 0) then
      others[field] = count
      redis.call('HSET', KEYS[1], field, count)
    end
  end
end
local total, granted = 0, {}
for _, counts in ipairs({own, others}) do
  for _, count in pairs(counts) do total = total + count end
end
for nth, most in ipairs(request.mostBefore) do
  granted[nth] = total <= most
  if granted[nth] then
    total = total + 1
    own[fieldOf(current)] = (own[fieldOf(current)] or 0) + 1
  end
end
for field, count in pairs(own) do redis.call('HSET', KEYS[1], field, count) end
redis.call('HSET', KEYS[1], 'replica:' .. request.replica, string.format('%.0f %.0f', now, request.lastReplyAt))
redis.call('PEXPIRE', KEYS[1], ${windowMs + bucketMs})
return cjson.encode({
  granted = granted, now = now, replicas = replicas, seenByAll = seenByAll, others = others
})
`

/** The number of requests in a bucket. */
export type BucketCount = readonly [bucket: number, requests: number]

/** Requests from other replicas, by field. */
export type OtherCounts = Readonly<Record<string, number>>

export interface QuotaRequest {
  /** The replica's id. */
  readonly replica: string
  /** `now` from the last reply, 0 before the first. */
  readonly lastReplyAt: number
  /** All requests from the replica in the window. */
  readonly own: readonly BucketCount[]
  /** For each waiting request, the highest count at which it can leave. */
  readonly mostBefore: readonly number[]
  /** `others` from the last reply. */
  readonly known?: OtherCounts | undefined
}

export interface QuotaReply {
  /** For each waiting request, whether it is counted and can leave. */
  readonly granted: readonly boolean[]
  /** Epoch milliseconds on the Redis clock. */
  readonly now: number
  /** Replicas that have sent a request within `PRESENT_MS`, including this one. */
  readonly replicas: number
  /** All replicas know the counts up to this instant; epoch milliseconds on the Redis clock. */
  readonly seenByAll: number
  readonly others: OtherCounts
}
