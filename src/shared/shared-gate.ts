import { randomUUID } from 'node:crypto'
import type { Clock } from '../clock.ts'
import type { OtherGates, OtherGatesListener, ToldPause } from '../spotify/other-gates.ts'
import type { News } from './news.ts'
import { repeat } from './repeat.ts'
import type { SharedConnection } from './shared-connection.ts'
import { decodePause, encodePause } from './told-pause.ts'

/** News come at once; this is for what was told while they could not. */
const SYNC_MS = 1000

/** Stores the pause ARGV[3] for ARGV[2] ms unless one stands that ends no sooner; answers what stands. */
const SYNC = `
local stands = redis.pcall('GET', KEYS[1])
local ends = 0
if type(stands) == 'string' and redis.call('PTTL', KEYS[1]) > 0 then
  local ok, pause = pcall(cjson.decode, stands)
  if ok and type(pause) == 'table' then ends = tonumber(pause['until']) or 0 end
end
if tonumber(ARGV[1]) > ends then
  redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[2])
  return ARGV[3]
end
return type(stands) == 'string' and stands or ''
`

/** Takes the turn KEYS[1] unless another has it; answers with whether it did and what pause stands. */
const PROBE = `
local left = redis.call('PTTL', KEYS[1])
if left == -1 then redis.call('DEL', KEYS[1]) end
local taken = redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2])
local stands = redis.pcall('GET', KEYS[2])
return {taken and 1 or 0, type(stands) == 'string' and stands or ''}
`

const END_PROBE = `
if redis.pcall('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 0
`

export interface SharedGateOptions {
  connection: Pick<SharedConnection, 'run' | 'tell' | 'onNews' | 'foundRubbish'>
  /** Names the Spotify app, whose refusals these are, in keys and news. */
  app: string
  /** A turn to probe ends after so long at the latest, should its holder die. */
  probeMs: number
  clock: Clock
}

/**
 * Tells the gates of all replicas of pauses: by news, and by a key for those that start later or
 * missed the news. What was learnt is not told on; a pause of one's own is stored anew when the
 * engine has lost it.
 */
export class SharedGate implements OtherGates {
  readonly #options: SharedGateOptions
  readonly #id = randomUUID()
  readonly #pauseKey: string
  readonly #probeKey: string
  #listener: OtherGatesListener | undefined
  /** The latest pause of this gate. */
  #own: { readonly text: string; readonly until: number; readonly endMs: number } | undefined
  #learnt = ''
  #stop = () => {}

  constructor(options: SharedGateOptions) {
    this.#options = options
    this.#pauseKey = `playlist-proxy:gate:${options.app}`
    this.#probeKey = `playlist-proxy:gate-probe:${options.app}`
  }

  /** Learns what stands, and goes on to do so. Never rejects. */
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

  listen(listener: OtherGatesListener): void {
    this.#listener = listener
  }

  tellPaused(pause: ToldPause): void {
    const { connection, app, clock } = this.#options
    const until = Math.ceil(pause.until)
    const text = encodePause({ ...pause, until }, this.#id)
    this.#own = { text, until, endMs: clock.monotonic() + (until - clock.now()) }
    this.#sync()
    connection.tell({ kind: 'paused', from: this.#id, app, pause: text })
  }

  tellOpened(probedAt: number): void {
    const { connection, app } = this.#options
    connection.tell({ kind: 'opened', from: this.#id, app, probedAt })
  }

  async probe(): Promise<(() => void) | undefined> {
    const { connection, probeMs } = this.#options
    const token = randomUUID()
    const end = () => {
      connection
        .run('gate', client => client.eval(END_PROBE, 1, this.#probeKey, token))
        // It has been counted, and the turn ends by itself.
        .catch(() => {})
    }
    try {
      const [taken, stands] = (await connection.run('gate', client =>
        client.eval(PROBE, 2, this.#probeKey, this.#pauseKey, token, probeMs),
      )) as [number, string]
      // The gate looks at what it has learnt before anything leaves.
      this.#learn(stands)
      return taken === 1 ? end : undefined
    } catch {
      // It has been counted and logged. Nobody can be asked: this gate probes alone.
      return end
    }
  }

  async #sync(): Promise<void> {
    const { connection, clock } = this.#options
    const leftMs = Math.ceil(Number(this.#own?.endMs) - clock.monotonic())
    const own = leftMs > 0 ? this.#own : undefined
    const values = own === undefined ? [0, 0, ''] : [own.until, leftMs, own.text]
    try {
      const stands = await connection.run('gate', client =>
        client.eval(SYNC, 1, this.#pauseKey, ...values),
      )
      this.#learn(String(stands))
    } catch {
      // It has been counted and logged, and is tried again.
    }
  }

  #hear(news: News): void {
    if (news.kind !== 'paused' && news.kind !== 'opened') return
    if (news.app !== this.#options.app || news.from === this.#id) return
    if (news.kind === 'paused') this.#learn(news.pause)
    else this.#listener?.opened(news.probedAt)
  }

  #learn(text: string): void {
    if (text === '' || text === this.#learnt) return
    const now = this.#options.clock.now()
    const pause = decodePause(text, now)
    this.#learnt = text
    if (pause === undefined) this.#options.connection.foundRubbish('gate')
    else if (pause.from !== this.#id && pause.until > now) this.#listener?.paused(pause)
  }
}
