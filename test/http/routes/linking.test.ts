import t from 'tap'
import { admin, linkedServiceFor } from '../../links/linked-service.ts'
import { metricsOf } from '../../support/metrics.ts'

const LIST = '/users/with-private/playlists'
const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

/** The path and query from an address. */
const targetOf = (url: string) => {
  const { pathname, search } = new URL(url, 'http://127.0.0.1')
  return pathname + search
}

/** Invites an account owner, who presses the button and agrees at Spotify. */
async function agreed(
  { app, sandbox }: Pick<Awaited<ReturnType<typeof linkedServiceFor>>, 'app' | 'sandbox'>,
  signedIn = 'with-private',
) {
  sandbox.switches.signedIn = signedIn
  const payload = { user: 'with-private' }
  const invited = await app.inject({ method: 'POST', url: '/links', payload, headers: admin })
  const page = targetOf(invited.json().page)
  t.equal((await app.inject(page)).statusCode, 200)
  const pressed = await app.inject({ method: 'POST', url: page, headers: FORM })
  const authorize = String(pressed.headers.location)
  t.notOk(new URL(authorize).searchParams.has('scope'))
  const { headers } = await fetch(authorize, { redirect: 'manual' })
  return { page, back: String(headers.get('location')) }
}

t.test('an owner links an account with one button, and ends the link with another', async t => {
  const service = await linkedServiceFor(t, [])
  const { app, get, sandbox } = service
  t.equal((await get(LIST)).statusCode, 502)
  const { back } = await agreed(service)
  const linked = await get(targetOf(back))
  t.equal(linked.statusCode, 303)
  const list = await get(LIST)
  t.equal(list.statusCode, 200)
  const shown = sandbox.user('with-private')?.filter(entry => entry?.public === true)
  t.equal(list.json().total, shown?.length)
  const own = String(linked.headers.location)
  t.equal((await get(own)).statusCode, 200)
  const payload = 'action=end'
  const ended = await app.inject({ method: 'POST', url: own, payload, headers: FORM })
  t.equal(ended.statusCode, 200)
  t.equal((await get(LIST)).statusCode, 502)
  t.same((await get('/links', admin)).json().links, [])
})

t.test('on a headless server the account owner pastes the callback address', async t => {
  const service = await linkedServiceFor(t, [])
  const { app, get } = service
  const { page, back } = await agreed(service)
  const payload = new URLSearchParams({ url: back }).toString()
  const url = `${page}/finish`
  const finished = await app.inject({ method: 'POST', url, payload, headers: FORM })
  t.equal(finished.statusCode, 303)
  t.equal((await get(LIST)).statusCode, 200)
})

t.test('consent from another account links no account', async t => {
  const service = await linkedServiceFor(t, [])
  const { back } = await agreed(service, 'smedjan')
  t.match((await service.get(targetOf(back))).json(), { type: '/problems/link-wrong-account' })
  t.same((await service.get('/links', admin)).json().links, [])
})

t.test('POST /links refuses a form, although the owner pages accept forms', async t => {
  const { app } = await linkedServiceFor(t, [])
  const headers = { ...admin, ...FORM }
  const payload = 'user=smedjan'
  const refused = await app.inject({ method: 'POST', url: '/links', payload, headers })
  t.match(refused.json(), { type: '/problems/bad-request' })
})

t.test('linking attempts are counted by result, token requests by grant', async t => {
  const service = await linkedServiceFor(t, [])
  const { get, sandbox, clock } = service
  const counts = async () => {
    const metrics = await metricsOf(service)
    const of = (name: string) => Number(metrics.get(name))
    const results = ['linked', 'declined', 'wrong-account', 'invalid', 'failed'].map(result =>
      of(`link_attempts_total{result="${result}"}`),
    )
    const grants = ['authorization_code', 'refresh_token'].map(grant =>
      of(`token_renewals_total{grant="${grant}",outcome="ok"}`),
    )
    return [...results, ...grants]
  }
  t.same(await counts(), [0, 0, 0, 0, 0, 0, 0])
  const finish = async (signedIn?: string) => {
    const { back } = await agreed(service, signedIn)
    await clock.runUntil(get(targetOf(back)))
    return back
  }
  await finish('smedjan')
  sandbox.switches.consent = 'deny'
  await finish()
  sandbox.switches.consent = 'approve'
  const repair = sandbox.fault({ on: 'token', answer: 'server-error' })
  await finish()
  repair()
  const back = await finish()
  await get(targetOf(back))
  t.same(await counts(), [1, 1, 1, 1, 1, 2, 0])
  clock.suspend(3_600_000)
  t.equal((await clock.runUntil(get(LIST))).statusCode, 200)
  t.same(await counts(), [1, 1, 1, 1, 1, 2, 1])
})

t.test(
  'after linking or unlinking, no hit serves the previous list, even on the fast path',
  async t => {
    const service = await linkedServiceFor(t, [], {}, 'info')
    const { app, sandbox } = service
    sandbox.switches.mode = 'extended'
    const address = await app.listen({ port: 0 })
    /** Returns who can store the response, and how many requests the routes and Spotify have had. */
    const look = async () => {
      const response = await fetch(address + LIST)
      await response.text()
      return [
        response.headers.get('cache-control')?.split(',')[0],
        service.routed,
        sandbox.count('api'),
      ]
    }
    await look()
    await look()
    const [, routedBefore, sentBefore] = await look()
    t.same(await look(), ['public', routedBefore, sentBefore], 'no route')

    const { back } = await agreed(service)
    await service.get(targetOf(back))
    const sent = sandbox.count('api')
    const [scope, , sentForLink] = await look()
    t.equal(scope, 'private')
    t.ok(Number(sentForLink) > sent, 'the list is read with the link')
    await look()
    const [, routedLinked] = await look()
    t.same(await look(), ['private', routedLinked, sentForLink], 'no route')

    await app.inject({ method: 'DELETE', url: '/links/with-private', headers: admin })
    const [unlinked] = await look()
    t.equal(unlinked, 'public', 'the list that was read before is still fresh')
  },
)
