import t from 'tap'
import {
  ACTIVE,
  afterEvent,
  consentEndsAt,
  isUsable,
  type LinkEvent,
  type LinkState,
} from '../../src/links/link-state.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const CONSENT_AT = Date.UTC(2026, 0, 1)
const ENDS_AT = consentEndsAt(CONSENT_AT)

/** The state after each event, at `nowMs` after the consent. */
function states(events: Array<[nowMs: number, event: LinkEvent]>, start = ACTIVE): LinkState[] {
  let state = start
  return events.map(([nowMs, event]) => {
    state = afterEvent(state, event, CONSENT_AT, { now: CONSENT_AT + nowMs, nowMs })
    return state
  })
}

const renewed: LinkEvent = { kind: 'renewed' }
const read: LinkEvent = { kind: 'read' }
const invalid: LinkEvent = { kind: 'invalid-grant' }
const denied: LinkEvent = { kind: 'denied', reason: 'not-registered' }
const otherUser: LinkEvent = { kind: 'other-user' }

const doubtful = (retryAtMs: number): LinkState => ({ name: 'doubtful', retryAtMs })
const refused = (refusals: number, retryAtMs: number): LinkState => ({
  name: 'refused',
  reason: 'not-registered',
  refusals,
  retryAtMs,
})
const REVOKED: LinkState = { name: 'ended', reason: 'consent-revoked' }
const EXPIRED: LinkState = { name: 'ended', reason: 'consent-expired' }
const MISMATCH: LinkState = { name: 'mismatch', reason: 'other-user' }

t.test('the first invalid_grant makes a link doubtful, and a renewal ends the doubt', async t => {
  t.same(
    states([
      [0, renewed],
      [0, read],
      [HOUR_MS, invalid],
      [HOUR_MS, read],
      [2 * HOUR_MS, renewed],
    ]),
    [
      ACTIVE,
      ACTIVE,
      doubtful(HOUR_MS + 10 * MINUTE_MS),
      doubtful(HOUR_MS + 10 * MINUTE_MS),
      ACTIVE,
    ],
  )
})

t.test('a second invalid_grant ten minutes later ends the link', async t => {
  const first = doubtful(10 * MINUTE_MS)
  t.same(
    states([
      [0, invalid],
      [10 * MINUTE_MS - 1, invalid],
      [10 * MINUTE_MS, invalid],
    ]),
    [first, first, REVOKED],
  )
})

t.test('after six months the first invalid_grant ends the link', async t => {
  const lifetimeMs = ENDS_AT - CONSENT_AT
  t.equal(lifetimeMs, 181 * 24 * HOUR_MS)
  t.same(states([[lifetimeMs - 1, invalid]]), [doubtful(lifetimeMs - 1 + 10 * MINUTE_MS)])
  t.same(states([[lifetimeMs, invalid]]), [EXPIRED])
  t.same(
    states([
      [lifetimeMs - 1, invalid],
      [lifetimeMs + 1, invalid],
    ])[1],
    EXPIRED,
  )
})

t.test('refusals pause a link for an hour, doubling to a day', async t => {
  let at = 0
  const pauses = Array.from({ length: 7 }, (_, index) => {
    const before = index === 0 ? ACTIVE : refused(index, at)
    const [next] = states([[at, denied]], before)
    const pauseMs = next?.name === 'refused' ? next.retryAtMs - at : 0
    at += pauseMs
    return pauseMs / HOUR_MS
  })
  t.same(pauses, [1, 2, 4, 8, 16, 24, 24])
})

t.test('denials on several pages of one read count as one refusal', async t => {
  t.same(
    states([
      [0, denied],
      [5, denied],
      [HOUR_MS - 1, denied],
      [HOUR_MS, denied],
    ]),
    [refused(1, HOUR_MS), refused(1, HOUR_MS), refused(1, HOUR_MS), refused(2, 3 * HOUR_MS)],
  )
})

t.test(
  'only a successful page read ends a refusal, and doubts and refusals can replace each other',
  async t => {
    t.same(
      states([
        [0, denied],
        [HOUR_MS, renewed],
        [HOUR_MS, read],
      ]),
      [refused(1, HOUR_MS), refused(1, HOUR_MS), ACTIVE],
    )
    t.same(states([[HOUR_MS, invalid]], refused(3, HOUR_MS)), [doubtful(70 * MINUTE_MS)])
    t.same(states([[0, denied]], doubtful(5)), [refused(1, HOUR_MS)])
  },
)

t.test('a page for another user ends the link in any state', async t => {
  for (const state of [ACTIVE, doubtful(5), refused(1, 5)]) {
    t.same(states([[0, otherUser]], state), [MISMATCH])
  }
})

t.test('no Spotify response revives an ended link', async t => {
  const over: LinkState[] = [REVOKED, EXPIRED, MISMATCH, { name: 'unreadable' }]
  for (const state of over) {
    for (const event of [renewed, read, invalid, denied, otherUser]) {
      t.same(states([[0, event]], state), [state], `${state.name} ${event.kind}`)
    }
    t.notOk(isUsable(state, Number.MAX_SAFE_INTEGER))
  }
})

t.test('a refused link is usable again after its pause', async t => {
  t.ok(isUsable(ACTIVE, 0))
  t.ok(isUsable(doubtful(5), 0), 'its access token may still be valid')
  t.notOk(isUsable(refused(1, 5), 4))
  t.ok(isUsable(refused(1, 5), 5))
})
