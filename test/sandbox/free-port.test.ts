import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import t from 'tap'
import { freePort } from '../../sandbox/free-port.ts'

t.test('freePort replaces a taken port and keeps a free one', async t => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const other = await freePort(port)
  t.not(other, port)
  t.ok(other > 0)
  server.close()
  await once(server, 'close')
  t.equal(await freePort(port), port)
  t.ok((await freePort(0)) > 0)
})
