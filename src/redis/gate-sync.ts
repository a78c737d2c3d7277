import { randomUUID } from 'node:crypto'
import { type Clock, repeat } from '../lib/clock.ts'
import type { GatePeers, GatePeersListener, RemotePause } from '../spotify/gate/gate-peers.ts'
import type { News } from './messages.ts'
import { decodePause, encodePause } from './pause-message.ts'
import type { SharedConnection } from './redis.ts'
import { DAY_MS, decodeProblem, encodeProblem, longestMs } from './remote-problem.ts'

/** Also covers messages that were lost. */
const SYNC_MS = 1000

/** A part of Lua scripts: the text that stands in place of a pause, and the ms that are left of it. */
const STANDING = `
local function standing(key)
  local text = redis.pcall('GET', key)
  if type(text) ~= 'string' then return '', 0 end
  return text, redis.call('PTTL', key)
end
`
/**
 * Stores the pause ARGV[1] for ARGV[2] ms unless one stands that ends no sooner, and not too far away;
 * answers what stands.
 */
const SYNC = `${STANDING}
local text, left = standing(KEYS[1])
local own = tonumber(ARGV[2])
if own > 0 and (own > left or text == '' or left > ${DAY_MS}) then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', own)
  return {ARGV[1], own}
end
return {text, left}
`

/**
 * Takes the turn KEYS[1] for ARGV[2] ms unless another has it; answers whether it did and what pause
 * stands. A turn without an end, or with one too far away, was not set by a replica and gives way.
 */
const PROBE = `${STANDING}
local left = redis.call('PTTL', KEYS[1])
if left == -1 or left > tonumber(ARGV[2]) then redis.call('DEL', KEYS[1]) end
local taken = redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2])
return {taken and 1 or 0, standing(KEYS[2])}
`

/** Removes a value that is still the one that was seen. */
const REMOVE = `
if redis.pcall('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 0
`

export interface SharedGateOptions {
  connection: Pick<SharedConnection, 'run' | 'tell' | 'onNews' | 'foundRubbish'>
  /** Names the Spotify app, whose refusals these are, in keys and messages. */
  app: string
  /** A turn to probe ends after so long at the latest, should its holder die. */
  probeMs: number
  clock: Clock
}

/** What stands in Redis: the text of a pause and the milliseconds that are left of it. */
type Standing = readonly [text: string, leftMs: number]

/**
 * Shares pauses among the gates of all replicas: through a key that lasts as long as the pause, and a
 * message that it is time to read it. A gate does not pass on the pauses of others, and stores its own
 * again when Redis has lost it.
 */
export class SharedGate implements GatePeers {
  readonly #options: SharedGateOptions
  readonly #id = randomUUID()
  readonly #pauseKey: string
  readonly #probeKey: string
  #listener: GatePeersListener | undefined
  /** The latest pause of this gate, and its end on the monotonic clock. */
  #own = { text: '', endMs: 0 }
  #learnt = ''
  #stop = () => {}

  constructor(options: SharedGateOptions) {
    this.#options = options
    this.#pauseKey = `playlist-proxy:gate:${options.app}`
    this.#probeKey = `playlist-proxy:gate-probe:${options.app}`
  }

  /** Reads the pause that stands, and goes on doing so. Never rejects. */
  async start(): Promise<void> {
    const { connection, clock } = this.#options
    const endNews = connection.onNews(news => this.#hear(news))
    await this.#sync()
    const endSync = repeat(clock, SYNC_MS, () => this.#sync())
    this.#stop = () => {
      endNews()
      endSync()
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
    const leftMs = Math.min(until - clock.now(), longestMs(problem))
    this.#own = { text, endMs: clock.monotonic() + leftMs }
    this.#sync()
    connection.tell({ kind: 'paused', from: this.#id, app })
  }

  publishOpened(probedAt: number): void {
    const { connection, app, clock } = this.#options
    const agoMs = Math.max(Math.floor(clock.now() - probedAt), 0)
    connection.tell({ kind: 'opened', from: this.#id, app, agoMs })
  }

  async acquireProbe(): Promise<(() => void) | undefined> {
    const { connection, probeMs } = this.#options
    const token = randomUUID()
    try {
      const [taken, ...standing] = (await connection.run('gate', client =>
        client.eval(PROBE, 2, this.#probeKey, this.#pauseKey, token, probeMs),
      )) as [number, ...Standing]
      // The gate looks at what it has learnt before anything leaves.
      this.#learn(standing)
      return taken === 1 ? () => this.#remove(this.#probeKey, token) : undefined
    } catch {
      // It has been counted and logged. Nobody can be asked: this gate probes alone.
      return () => this.#remove(this.#probeKey, token)
    }
  }

  async #sync(): Promise<void> {
    const { connection, clock } = this.#options
    const { text, endMs } = this.#own
    const leftMs = Math.max(Math.round(endMs - clock.monotonic()), 0)
    try {
      const standing = (await connection.run('gate', client =>
        client.eval(SYNC, 1, this.#pauseKey, text, leftMs),
      )) as Standing
      this.#learn(standing)
    } catch {
      // It has been counted and logged, and is tried again.
    }
  }

  #remove(key: string, value: string): void {
    this.#options.connection
      .run('gate', client => client.eval(REMOVE, 1, key, value))
      // It has been counted. A turn ends by itself, and a pause is looked at again.
      .catch(() => {})
  }

  #hear(news: News): void {
    if (news.kind !== 'paused' && news.kind !== 'opened') return
    const { app, clock } = this.#options
    if (news.app !== app || news.from === this.#id) return
    if (news.kind === 'paused') this.#sync()
    else this.#listener?.opened(clock.now() - news.agoMs)
  }

  #learn([text, leftMs]: Standing): void {
    if (text === '' || text === this.#learnt) return
    const pause = decodePause(text)
    if (pause === undefined || leftMs < 0 || leftMs > longestMs(pause.cause)) {
      this.#options.connection.foundRubbish('gate')
      this.#remove(this.#pauseKey, text)
      return
    }
    this.#learnt = text
    if (pause.from === this.#id) return
    const now = this.#options.clock.now()
    const cause = decodeProblem({ ...pause.cause, retryAfterMs: leftMs }, now)
    this.#listener?.paused({ cause, until: now + leftMs, pauses: pause.pauses })
  }
}
