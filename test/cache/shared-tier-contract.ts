import type { Test } from 'tap'
import type { StoredResponse } from '../../src/cache/freshness.ts'
import type { Claim, SharedTier } from '../../src/cache/shared-tier.ts'
import { Problem } from '../../src/problems/problem.ts'
import { tooManyRequests } from '../../src/spotify/gate/diagnosis.ts'

/** Two replicas on one tier, and how to wait for what crosses from one to the other. */
export interface TwoReplicas {
  readonly one: SharedTier<string>
  readonly other: SharedTier<string>
  /** Lets time pass until the condition holds. */
  readonly wait: (condition: () => boolean) => Promise<void>
  /** Their clock, epoch milliseconds. */
  readonly now: () => number
}

type Kind = Claim<string>['kind']

/** A response that holds for an hour from the wall clock's now. */
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

/** The claim, which has to be of this kind. */
export function expectKind<K extends Kind>(claim: Claim<string>, kind: K) {
  if (claim.kind !== kind) throw new Error(`the claim is ${claim.kind}, not ${kind}`)
  return claim as Extract<Claim<string>, { kind: K }>
}

/** What every tier does, whatever it is made of. */
export function sharedTierContract(t: Test, open: (t: Test) => Promise<TwoReplicas>): void {
  t.test('what nobody has stored is not there', async t => {
    const { one } = await open(t)
    t.equal(await one.get('user'), undefined)
  })

  t.test('what one replica has stored, the other gets and learns', async t => {
    const { one, other, wait } = await open(t)
    const learned: unknown[] = []
    const own: unknown[] = []
    one.onStored((key, generatedAt) => own.push([key, generatedAt]))
    other.onStored((key, generatedAt) => learned.push([key, generatedAt]))
    const stored = response('list')
    await expectKind(await one.claim('user'), 'held').stored(stored)
    t.strictSame(await other.get('user'), stored)
    t.equal(await other.get('another'), undefined)
    await wait(() => learned.length === 1)
    t.strictSame(learned, [['user', stored.generatedAt]])
    t.strictSame(own, [], 'it does not tell itself')
  })

  t.test('one replica asks for a key at a time, another for another key', async t => {
    const { one, other } = await open(t)
    const held = expectKind(await one.claim('user'), 'held')
    expectKind(await other.claim('user'), 'taken')
    await expectKind(await other.claim('another'), 'held').released()
    await held.released()
    await expectKind(await other.claim('user'), 'held').released()
  })

  for (const [title, end, type] of [
    ['has stored', c => c.stored(response('list')), undefined],
    ['has given it back', c => c.released(), undefined],
    [
      'has failed',
      c => c.failed(new Problem('spotify-unavailable', 'Down.')),
      'spotify-unavailable',
    ],
  ] as [string, (c: Extract<Claim<string>, { kind: 'held' }>) => Promise<void>, string?][]) {
    t.test(`who waits learns that the holder ${title}, and may claim anew`, async t => {
      const { one, other, wait } = await open(t)
      const held = expectKind(await one.claim('user'), 'held')
      const outcomes: (Problem | undefined)[] = []
      for (const tier of [one, other, other]) {
        const { news } = expectKind(await tier.claim('user'), 'taken')
        news.then(({ failure }) => outcomes.push(failure))
      }
      await end(held)
      await wait(() => outcomes.length === 3)
      for (const failure of outcomes) t.equal(failure?.type, type)
      await expectKind(await other.claim('user'), 'held').released()
    })
  }

  t.test('a failure reaches the others with what it means for callers', async t => {
    const { one, other, wait, now } = await open(t)
    const held = expectKind(await one.claim('user'), 'held')
    const { news } = expectKind(await other.claim('user'), 'taken')
    let failure: Problem | undefined
    news.then(outcome => {
      failure = outcome.failure
    })
    const retryAt = now() + 3_600_000
    await held.failed(tooManyRequests('', retryAt))
    await wait(() => failure !== undefined)
    t.match(failure, {
      type: 'spotify-rate-limited',
      message: /^rate-limited: Spotify refuses requests/,
      status: 503,
      originStatus: 429,
    })
    t.ok(Math.abs(Number(failure?.retryAt) - retryAt) < 1000)
  })
}
