import type { Test } from 'tap'
import type { StoredResponse } from '../../src/cache/freshness.ts'
import type { LeaseResult, SharedTier } from '../../src/cache/shared-tier.ts'
import { Problem } from '../../src/problems/problem.ts'
import { tooManyRequests } from '../../src/spotify/gate/diagnosis.ts'

/** Two replicas sharing a tier. */
export interface TwoReplicas {
  readonly one: SharedTier<string>
  readonly other: SharedTier<string>
  /** Waits until the condition holds. */
  readonly wait: (condition: () => boolean) => Promise<void>
  /** The clock for both, in epoch milliseconds. */
  readonly now: () => number
}

type Kind = LeaseResult<string>['kind']

/** A response fresh for an hour. */
export function response(body: string, generatedAt = Date.now()): StoredResponse<string> {
  const until = generatedAt + 3_600_000
  return {
    body,
    generatedAt,
    freshUntil: until,
    staleWhileRevalidateUntil: until,
    staleIfErrorUntil: until,
  }
}

/** Narrows the lease to this kind, or throws. */
export function expectKind<K extends Kind>(lease: LeaseResult<string>, kind: K) {
  if (lease.kind !== kind) throw new Error(`the lease is ${lease.kind}, not ${kind}`)
  return lease as Extract<LeaseResult<string>, { kind: K }>
}

/** Tests for every shared tier. */
export function sharedTierContract(t: Test, open: (t: Test) => Promise<TwoReplicas>): void {
  t.test('a shared tier returns undefined for an unknown key', async t => {
    const { one } = await open(t)
    t.equal(await one.get('user'), undefined)
  })

  t.test(
    'when one replica stores a response, the other replica is notified and can read it',
    async t => {
      const { one, other, wait } = await open(t)
      const received: unknown[] = []
      const own: unknown[] = []
      one.onStored((key, generatedAt) => own.push([key, generatedAt]))
      other.onStored((key, generatedAt) => received.push([key, generatedAt]))
      const stored = response('list')
      await expectKind(await one.acquireLease('user'), 'held').stored(stored)
      t.strictSame(await other.get('user'), stored)
      t.equal(await other.get('another'), undefined)
      await wait(() => received.length === 1)
      t.strictSame(received, [['user', stored.generatedAt]])
      t.strictSame(own, [], 'no notification of its own')
    },
  )

  t.test("one replica at a time holds a key's lease", async t => {
    const { one, other } = await open(t)
    const held = expectKind(await one.acquireLease('user'), 'held')
    expectKind(await other.acquireLease('user'), 'taken')
    await expectKind(await other.acquireLease('another'), 'held').released()
    await held.released()
    await expectKind(await other.acquireLease('user'), 'held').released()
  })

  for (const [title, end, type] of [
    ['stores', c => c.stored(response('list')), undefined],
    ['releases', c => c.released(), undefined],
    ['fails', c => c.failed(new Problem('spotify-unavailable', 'Down.')), 'spotify-unavailable'],
  ] as [string, (c: Extract<LeaseResult<string>, { kind: 'held' }>) => Promise<void>, string?][]) {
    t.test(`a waiting replica can acquire the lease when the holder ${title}`, async t => {
      const { one, other, wait } = await open(t)
      const held = expectKind(await one.acquireLease('user'), 'held')
      const outcomes: (Problem | undefined)[] = []
      for (const tier of [one, other, other]) {
        const { ended } = expectKind(await tier.acquireLease('user'), 'taken')
        ended.then(({ failure }) => outcomes.push(failure))
      }
      await end(held)
      await wait(() => outcomes.length === 3)
      for (const failure of outcomes) t.equal(failure?.type, type)
      await expectKind(await other.acquireLease('user'), 'held').released()
    })
  }

  t.test("the other replica gets a failure's type, detail and retryAt", async t => {
    const { one, other, wait, now } = await open(t)
    const held = expectKind(await one.acquireLease('user'), 'held')
    const { ended } = expectKind(await other.acquireLease('user'), 'taken')
    let failure: Problem | undefined
    ended.then(outcome => {
      failure = outcome.failure
    })
    const retryAt = now() + 3_600_000
    await held.failed(tooManyRequests('', retryAt))
    await wait(() => failure !== undefined)
    t.match(failure, {
      type: 'spotify-rate-limited',
      message: /^rate-limited: Spotify rate limits this app/,
      status: 503,
      originStatus: 429,
    })
    t.ok(Math.abs(Number(failure?.retryAt) - retryAt) < 1000)
  })
}
