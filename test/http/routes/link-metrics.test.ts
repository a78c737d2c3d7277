import t from 'tap'
import { linkedServiceFor } from '../../links/linked-service.ts'
import { metricsOf } from '../../support/metrics.ts'
import { startService } from '../../support/service.ts'

t.test('without linked accounts there are no link metrics', async t => {
  const { get } = await startService(t)
  t.notMatch((await get('/metrics')).body, /playlist_proxy_link/)
})

t.test('metrics show link states, the next consent end, and left-out entries', async t => {
  const service = await linkedServiceFor(t, ['with-private', 'smedjan'])
  const { get, sandbox, clock, restart } = service
  const before = await metricsOf(service)
  t.equal(before.get('links{state="active"}'), 2)
  t.equal(before.get('links{state="ended"}'), 0)
  t.equal(before.get('links_unwritable'), 0)
  t.equal(before.get('linked_entries_left_out_total{public="false"}'), 0)
  const { next_consent_end: end } = (await get('/status')).json().links
  t.equal(before.get('links_consent_end_timestamp_seconds'), Date.parse(end) / 1000)
  t.ok(Date.parse(end) > clock.now())
  sandbox.switches.leaksPrivate = true
  await get('/users/with-private/playlists')
  t.ok(Number((await metricsOf(service)).get('linked_entries_left_out_total{public="false"}')) > 0)
  await restart({ LINKS_FILE: `${service.file}.other` })
  const none = await metricsOf(service)
  t.equal(none.get('links{state="active"}'), 0)
  t.equal(none.get('links_consent_end_timestamp_seconds'), 0)
})
