import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { maxConnections } from '../../src/http/connections.ts'
import { metricsOf } from '../support/metrics.ts'
import { exchange, listen } from '../support/raw-http.ts'
import { seconds, startService } from '../support/service.ts'

const REQUEST = 'GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'

t.test('the connection limit leaves file descriptors for other files', async t => {
  t.equal(maxConnections(1024, 8), 952)
  t.equal(maxConnections(1_048_576, 8), 4096)
  t.equal(maxConnections(undefined, 8), 4096)
  t.equal(maxConnections(100, 8), 50, 'half of them, if there are few')
  t.equal(maxConnections(1, 100), 1)
})

t.test('connections beyond the limit are dropped, and logged once a minute', async t => {
  const service = await startService(t, {}, undefined, { openFiles: 4 })
  const { app, clock, lines } = service
  const port = await listen(app)
  const open = async () => {
    const socket = connect(port, '127.0.0.1')
    t.teardown(() => socket.destroy())
    const [accepted] = (await once(app.server, 'connection')) as [Socket]
    return { socket, accepted }
  }
  await open()
  const { socket, accepted } = await open()
  const warnings = () => lines().filter(({ msg }) => /too many connections/.test(msg))
  const drop = async (count: number) => {
    for (let nth = 0; nth < count; nth++) {
      t.equal(await text(connect(port, '127.0.0.1')).catch(({ code }) => code), '')
    }
  }
  await drop(3)
  t.match(warnings(), [{ level: 'warn', dropped: 1, max_connections: 2 }])
  await clock.advance(seconds(60))
  t.match(warnings()[1], { dropped: 2 })
  await clock.advance(seconds(60))
  await clock.advance(seconds(60))
  t.equal(warnings().length, 2, 'no report without drops')
  await drop(1)
  t.match(warnings()[2], { dropped: 1 })
  t.equal((await metricsOf(service)).get('connections_closed_total{reason="limit"}'), 4)
  socket.destroy()
  await once(accepted, 'close')
  t.match(await exchange(port, REQUEST), /^HTTP\/1\.1 200 /)
  await app.close()
  t.same(clock.pending, [], 'no timer is pending')
})
