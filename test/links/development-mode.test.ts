import t from 'tap'
import { failureOf } from '../support/failure-of.ts'
import { sourceFor } from './source-support.ts'

const MINUTE_MS = 60_000

t.test(
  'denied lookups for unlinked users do not affect linked users, and cost at most 16 requests in two days',
  async t => {
    const { look, addLink, sandbox, clock, gate } = await sourceFor(t)
    for (const user of ['fifty', 'one', 'fiftyone', 'with-nulls']) await addLink(user)
    const linked = ['smedjan', 'fifty', 'one', 'fiftyone', 'with-nulls']
    sandbox.clear()
    let strangers = 0
    const own: string[] = []
    for (let hour = 0; hour < 48; hour++) {
      const flood = Array.from({ length: hour === 0 ? 200 : 20 }, () =>
        failureOf(look(`stranger${++strangers}`)),
      )
      const lists = await Promise.all(linked.map(user => look(user)))
      t.ok(lists.every(list => list.complete))
      for (const problem of await Promise.all(flood)) {
        t.match(problem, { type: 'spotify-access-denied', message: /link it to this service/ })
      }
      const users = sandbox.requests.filter(({ path }) => path.startsWith('/v1/users/')).length
      if (hour === 23 || hour === 47) {
        own.push(String(users))
        sandbox.clear()
      }
      clock.suspend(60 * MINUTE_MS)
    }
    const [first, second] = own.map(Number)
    t.ok(Number(first) <= 12, `${first} on the first day`)
    t.ok(Number(second) <= 4, `${second} on the second day`)
    t.equal(gate.status().state, 'open')
  },
)

t.test('denials for five links do not close the gate', async t => {
  const { look, addLink, sandbox, gate, clock } = await sourceFor(t)
  const failing = ['smedjan', 'fifty', 'one', 'fiftyone', 'with-nulls']
  for (const user of [...failing.slice(1), 'collector']) await addLink(user)
  sandbox.switches.unregistered = failing
  for (let round = 0; round < 3; round++) {
    const problems = await Promise.all(failing.map(user => failureOf(look(user))))
    for (const problem of problems) t.match(problem, { causeName: 'not-registered' })
    t.match(await look('collector'), { complete: true })
    clock.suspend(25 * 60 * MINUTE_MS)
  }
  t.equal(gate.status().state, 'open')
})

const PROBE = '/v1/users/spotify/playlists?limit=1&offset=0'

t.test('an outage closes the gate for linked users too, and the next lookup opens it', async t => {
  const probes = new Set<string | undefined>()
  for (const rounds of [1, 2, 3, 4]) {
    const { look, addLink, sandbox, gate, clock } = await sourceFor(t)
    const linked = ['smedjan', 'fifty', 'one']
    for (const user of linked.slice(1)) await addLink(user)
    const remove = sandbox.fault({ on: 'api', answer: 'server-error' })
    for (let round = 0; round < rounds; round++) {
      await clock.runUntil(Promise.all(linked.map(user => failureOf(look(user)))))
      clock.suspend(60 * MINUTE_MS)
    }
    t.not(gate.status().state, 'open')
    remove()
    sandbox.clear()
    t.match(await look('fifty'), { spotifyTotal: 50 })
    t.equal(gate.status().state, 'open')
    t.ok(sandbox.count('api') <= 2)
    probes.add(sandbox.requests.find(({ kind }) => kind === 'api')?.path)
  }
  // In Development Mode Spotify refuses the first user, which shows that Spotify works.
  t.same(probes, new Set([PROBE, '/v1/me/playlists?limit=50&offset=0']))
})

t.test('a lapsed Premium subscription or a rate limit closes the gate for all', async t => {
  for (const answer of ['premium-required', 'rate-limited'] as const) {
    const { look, addLink, sandbox, gate } = await sourceFor(t)
    await addLink('fifty')
    sandbox.fault({ on: 'api', answer })
    for (const user of ['smedjan', 'fifty']) {
      await t.rejects(look(user))
    }
    t.equal(gate.status().state, 'paused', answer)
  }
})
