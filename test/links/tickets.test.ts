import t from 'tap'
import { Sealer } from '../../src/links/sealing.ts'
import { Tickets } from '../../src/links/tickets.ts'
import { ManualClock } from '../support/manual-clock.ts'

const HOUR_MS = 3_600_000

function ticketsFor() {
  const clock = new ManualClock()
  const sealer = new Sealer('a client secret')
  return { clock, sealer, tickets: new Tickets(sealer, clock) }
}

t.test('an invitation is valid for one user and for 24 hours', async t => {
  const { tickets, clock } = ticketsFor()
  const { ticket, expiresAt } = await tickets.invite('smedjan')
  t.equal(expiresAt, clock.now() + 24 * HOUR_MS)
  const opened = { userId: 'smedjan', invitedAt: clock.now(), linkId: undefined }
  clock.suspend(24 * HOUR_MS - 1)
  t.same(await tickets.owner(ticket), opened)
  clock.suspend(1)
  t.equal(await tickets.owner(ticket), undefined)
})

t.test('a page ticket does not expire', async t => {
  const { tickets, clock } = ticketsFor()
  const ticket = await tickets.pageOf('smedjan', 'one')
  clock.suspend(365 * 24 * HOUR_MS)
  t.same(await tickets.owner(ticket), {
    userId: 'smedjan',
    linkId: 'one',
    invitedAt: undefined,
  })
})

t.test('a state is valid for ten minutes and works once', async t => {
  const { tickets, clock } = ticketsFor()
  const authorization = { userId: 'smedjan', verifier: 'verifier' }
  const [first, second] = [await tickets.state(authorization), await tickets.state(authorization)]
  t.not(first, second)
  t.equal(await tickets.redeem(first, 'fifty'), undefined, 'for another user')
  const both = await Promise.all([tickets.redeem(first, 'smedjan'), tickets.redeem(first)])
  t.same(
    both.filter(opened => opened !== undefined),
    [{ ...authorization, issuedAt: clock.now() }],
    'two callbacks at once',
  )
  const issuedAt = clock.now()
  clock.suspend(600_000 - 1)
  t.same(await tickets.redeem(second), { ...authorization, issuedAt })
  const third = await tickets.state(authorization)
  clock.suspend(600_000)
  t.equal(await tickets.redeem(third), undefined)
})

t.test('a used state does not work again, even after earlier states have expired', async t => {
  const { tickets, clock } = ticketsFor()
  const authorization = { userId: 'smedjan', verifier: 'verifier' }
  for (let round = 0; round < 3; round++) {
    const states = [await tickets.state(authorization), await tickets.state(authorization)]
    for (const state of states) t.match(await tickets.redeem(state), authorization)
    for (const state of states) t.equal(await tickets.redeem(state), undefined)
    clock.suspend(600_000)
  }
})

t.test(
  'a text of another kind, or sealed with another key, is neither a ticket nor a state',
  async t => {
    const { tickets, sealer } = ticketsFor()
    const { ticket } = await tickets.invite('smedjan')
    const state = await tickets.state({ userId: 'smedjan', verifier: 'x' })
    const page = await tickets.pageOf('smedjan', 'one')
    const record = await sealer.seal('link record', { userId: 'smedjan' })
    for (const text of [state, record, '', 'x', `${ticket}x`]) {
      t.equal(await tickets.owner(text), undefined)
    }
    for (const text of [ticket, page, record, '', 'x']) {
      t.equal(await tickets.redeem(text), undefined)
    }
    const foreign = new Tickets(new Sealer('another secret'), new ManualClock())
    t.equal(await foreign.owner(ticket), undefined)
    t.equal(await foreign.redeem(state), undefined)
  },
)
