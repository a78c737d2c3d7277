import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { connect, Socket } from 'node:net'
import t from 'tap'
import { InFlightResponses } from '../../src/http/in-flight-responses.ts'
import { listen } from '../support/raw-http.ts'
import { startService } from '../support/service.ts'
import { until } from '../support/until.ts'

t.test('a client that disconnects with two requests in flight causes two log lines', async t => {
  const { app, sandbox, lines } = await startService(t)
  const release = sandbox.hold('api')
  const socket = connect(await listen(app), '127.0.0.1')
  const request = (user: string) => `GET /users/${user}/playlists HTTP/1.1\r\nHost: x\r\n\r\n`
  socket.write(request('one') + request('fifty'))
  await sandbox.arrived('api', 2)
  socket.destroy()
  const left = () => lines().filter(({ status }) => status === 499)
  await until(() => left().length > 0)
  t.same(
    left().map(({ user_id }) => user_id),
    ['one', 'fifty'],
  )
  release()
})

t.test('a response is not counted if it ends after the client has disconnected', async t => {
  const left: unknown[] = []
  const responses = new InFlightResponses()
  const socket = new Socket()
  const response = { req: { socket } } as ServerResponse
  responses.begin(response, () => left.push(response))
  t.same([...responses], [response])
  socket.destroy()
  await once(socket, 'close')
  t.same(left, [response])
  t.same([...responses], [])
  t.equal(responses.end(response), false)
})
