import t from 'tap'
import { readProfile } from '../../src/links/read-profile.ts'
import { Problem } from '../../src/problems/problem.ts'
import type { PassOptions } from '../../src/spotify/gate/gate.ts'
import type { SpotifyRequest, Transport } from '../../src/spotify/transport.ts'
import { failureOf } from '../support/failure-of.ts'
import { gateFor, passOptions } from '../support/gate.ts'

/** Reads a profile over a test transport; the gate requires a probe for another subject first. */
function profileFor(transport: Pick<Transport, 'send'>) {
  const { gate, budget, clock } = gateFor({ dailyBudget: 10 })
  const stopping = new AbortController()
  const options: PassOptions[] = []
  const profile = readProfile('BQ', {
    transport: { ...transport, async close() {} },
    basePath: '/v1',
    gate: {
      ...gate,
      async pass(send, passOptions, attempts) {
        options.push(passOptions)
        await passOptions.probe('/users/spotify/playlists')
        return gate.pass(send, passOptions, attempts)
      },
    },
    budget,
    clock,
    observe: () => {},
    userAgent: 'test',
    timeoutMs: 5000,
    signal: stopping.signal,
  })
  return { profile, budget, options, gate, stopping }
}

t.test(
  'the profile request has the token, a deadline, and a probe for another subject',
  async t => {
    const requests: SpotifyRequest[] = []
    const { profile, options } = profileFor({
      async send(request) {
        requests.push(request)
        return { status: 200, headers: {}, body: '{"id":"Smedjan","account_id":"a"}' }
      },
    })
    t.same(await profile, { userId: 'smedjan', accountId: 'a' })
    t.same(
      requests.map(({ method, path, headers }) => [method, path, headers.authorization]),
      [
        ['GET', '/v1/users/spotify/playlists?limit=1&offset=0', 'Bearer BQ'],
        ['GET', '/v1/me', 'Bearer BQ'],
      ],
    )
    t.match(options, [{ startByMs: 5000, retryByMs: 5000, isRevalidation: false }])
  },
)

t.test('a resent profile request counts twice against the budget', async t => {
  const { profile, budget } = profileFor({
    async send(request, _signal, sendOptions) {
      if (request.path === '/v1/me') t.equal(await sendOptions?.mayResend?.(), true)
      return { status: 200, headers: {}, body: '{"id":"smedjan"}' }
    },
  })
  t.same(await profile, { userId: 'smedjan', accountId: undefined })
  t.equal(budget.spent, 2)
})

const refused = async () => {
  throw new Problem('spotify-rate-limited', 'Wait.', { retryAt: Number.MAX_SAFE_INTEGER })
}

for (const [reason, end, spent] of [
  ['the gate has closed', 'close', 2],
  ['the service stops', 'stop', 1],
] as const) {
  t.test(`a profile request is not sent again once ${reason}`, async t => {
    let answer: boolean | undefined
    const { profile, budget, gate, stopping } = profileFor({
      async send(request, _signal, sendOptions) {
        if (request.path === '/v1/me') {
          if (end === 'stop') stopping.abort(new Error('stopping'))
          else await failureOf(gate.pass(refused, passOptions()))
          answer = await sendOptions?.mayResend?.()
        }
        return { status: 200, headers: {}, body: '{"id":"smedjan"}' }
      },
    })
    await profile.catch(() => {})
    t.equal(answer, false)
    t.equal(budget.spent, spent, 'only requests that were sent')
  })
}
