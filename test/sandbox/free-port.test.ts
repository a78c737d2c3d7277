import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import t from 'tap'
import { portOrAny } from '../../sandbox/free-port.ts'

t.test('portOrAny returns a free port, and 0 for one in use', async t => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  t.equal(await portOrAny(port), 0)
  server.close()
  await once(server, 'close')
  t.equal(await portOrAny(port), port)
  t.equal(await portOrAny(port), port, 'it stays free')
})
