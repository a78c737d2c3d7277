import t from 'tap'
import { startSandbox } from '../sandbox/sandbox.ts'
import { startServiceProcess } from '../sandbox/service-process.ts'
import { startReceiver } from '../test/support/otlp-receiver.ts'

t.test('the built service delivers traces before it exits', async t => {
  const [sandbox, receiver] = await Promise.all([startSandbox(), startReceiver()])
  t.teardown(() => Promise.all([sandbox.close(), receiver.close()]))
  const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_SERVICE_NAME: 'smoke' }
  const service = await startServiceProcess({ sandbox, environment })
  t.equal((await fetch(`${service.url}/users/smedjan/playlists`)).status, 200)
  t.equal(await service.stop(), 0)
  const [post] = receiver.posts
  t.match(post?.headers, { 'content-type': 'application/x-protobuf' })
  t.ok(post?.body.includes('GET /users/:id/playlists'))
  t.ok(post?.body.includes('smoke'))
  t.notOk(sandbox.requests.some(({ headers }) => 'traceparent' in headers))
})
