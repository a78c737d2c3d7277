import { randomUUID } from 'node:crypto'
import { type Clock, repeat } from '../lib/clock.ts'
import type { GatePeers, GatePeersListener, RemotePause } from '../spotify/gate/gate-peers.ts'
import type { RedisConnection } from './connection.ts'
import { decodePause, encodePause, type Message } from './messages.ts'
import { DAY_MS, decodeProblem, encodeProblem, LONGEST_MS } from './remote-problem.ts'

/** Polling covers lost messages. */
const SYNC_MS = 1000

/** Shared by Lua scripts: returns the current pause as text, and the milliseconds left. */
const CURRENT_PAUSE = `
local function currentPause(key)
  local text = redis.pcall('GET', key)
  if type(text) ~= 'string' then return '', 0 end
  return text, redis.call('PTTL', key)
end
`
/**
 * Stores the pause ARGV[1] for ARGV[2] ms, unless the current pause ends later within a day. Returns the
 * resulting current pause.
 */
const SYNC = `${CURRENT_PAUSE}
local text, left = currentPause(KEYS[1])
local own = tonumber(ARGV[2])
if own > 0 and (own > left or text == '' or left > ${DAY_MS}) then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', own)
  return {ARGV[1], own}
end
return {text, left}
`

/**
 * Acquires the right to probe, KEYS[1], for ARGV[2] ms unless another replica has it. Returns 1 or 0, and
 * the current pause. Replaces a right that never expires or lasts too long, since no replica sets such a
 * right.
 */
const PROBE = `${CURRENT_PAUSE}
local left = redis.call('PTTL', KEYS[1])
if left == -1 or left > tonumber(ARGV[2]) then redis.call('DEL', KEYS[1]) end
local taken = redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2])
return {taken and 1 or 0, currentPause(KEYS[2])}
`

/** Deletes a key if it still has the value ARGV[1]. */
const REMOVE = `
if redis.pcall('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 0
`

export interface GateSyncOptions {
  connection: Pick<RedisConnection, 'run' | 'publish' | 'onMessage' | 'countMalformed'>
  /** Identifies the Spotify app in keys and messages. */
  app: string
  /** How long the right to probe lasts, in case the holder dies. */
  probeMs: number
  clock: Clock
}

/** The current pause in Redis as text, and the milliseconds left. */
type CurrentPause = readonly [text: string, leftMs: number]

/**
 * Shares pauses between the gates on all replicas. A key lasts as long as the pause, and a message tells
 * the replicas to read the key. A gate does not forward pauses from peers, and stores its own pause again
 * if Redis has lost it.
 */
export class GateSync implements GatePeers {
  readonly #options: GateSyncOptions
  readonly #id = randomUUID()
  readonly #pauseKey: string
  readonly #probeKey: string
  #listener: GatePeersListener | undefined
  /** This gate's latest pause, and when it ends on the monotonic clock. */
  #own = { text: '', endMs: 0 }
  /** The last received pause, as text. */
  #received = ''
  #stop = () => {}

  constructor(options: GateSyncOptions) {
    this.#options = options
    this.#pauseKey = `gate:${options.app}`
    this.#probeKey = `gate-probe:${options.app}`
  }

  /** Reads the current pause, and again every second. Never rejects. */
  async start(): Promise<void> {
    const { connection, clock } = this.#options
    const removeListener = connection.onMessage(message => this.#receive(message))
    await this.#sync()
    const stopSync = repeat(clock, SYNC_MS, () => this.#sync())
    this.#stop = () => {
      removeListener()
      stopSync()
    }
  }

  close(): void {
    this.#stop()
  }

  listen(listener: GatePeersListener): void {
    this.#listener = listener
  }

  publishPause({ cause, until, pauses }: RemotePause): void {
    const { connection, app, clock } = this.#options
    const problem = encodeProblem(cause, clock.now())
    if (problem === undefined) return
    const text = encodePause({ from: this.#id, id: randomUUID(), pauses, cause: problem })
    const leftMs = Math.min(until - clock.now(), LONGEST_MS[problem.type])
    this.#own = { text, endMs: clock.monotonic() + leftMs }
    this.#sync()
    connection.publish({ kind: 'paused', from: this.#id, app })
  }

  publishOpened(probedAt: number): void {
    const { connection, app, clock } = this.#options
    const agoMs = Math.max(Math.floor(clock.now() - probedAt), 0)
    connection.publish({ kind: 'opened', from: this.#id, app, agoMs })
  }

  async acquireProbe(): Promise<(() => void) | undefined> {
    const { connection, probeMs } = this.#options
    const token = randomUUID()
    try {
      const [isAcquired, ...pause] = (await connection.run('gate', client =>
        client.eval(PROBE, 2, this.#probeKey, this.#pauseKey, token, probeMs),
      )) as [number, ...CurrentPause]
      // The gate checks the pause before it sends the probe.
      this.#apply(pause)
      return isAcquired === 1 ? () => this.#remove(this.#probeKey, token) : undefined
    } catch {
      // The connection has counted and logged the failure. Without Redis each gate probes for itself.
      return () => this.#remove(this.#probeKey, token)
    }
  }

  async #sync(): Promise<void> {
    const { connection, clock } = this.#options
    const { text, endMs } = this.#own
    const leftMs = Math.max(Math.round(endMs - clock.monotonic()), 0)
    try {
      const pause = (await connection.run('gate', client =>
        client.eval(SYNC, 1, this.#pauseKey, text, leftMs),
      )) as CurrentPause
      this.#apply(pause)
    } catch {
      // The connection has counted and logged the failure. The next sync tries again.
    }
  }

  #remove(key: string, value: string): void {
    this.#options.connection
      .run('gate', client => client.eval(REMOVE, 1, key, value))
      // The connection has counted the failure. The right expires, and the next sync reads the pause.
      .catch(() => {})
  }

  #receive(message: Message): void {
    if (message.kind !== 'paused' && message.kind !== 'opened') return
    const { app, clock } = this.#options
    if (message.app !== app || message.from === this.#id) return
    if (message.kind === 'paused') this.#sync()
    else this.#listener?.opened(clock.now() - message.agoMs)
  }

  #apply([text, leftMs]: CurrentPause): void {
    if (text === '' || text === this.#received) return
    const pause = decodePause(text)
    if (pause === undefined || leftMs < 0 || leftMs > LONGEST_MS[pause.cause.type]) {
      this.#options.connection.countMalformed('gate')
      this.#remove(this.#pauseKey, text)
      return
    }
    this.#received = text
    if (pause.from === this.#id) return
    const now = this.#options.clock.now()
    const cause = decodeProblem({ ...pause.cause, retryAfterMs: leftMs }, now)
    this.#listener?.paused({ cause, until: now + leftMs, pauses: pause.pauses })
  }
}
