import { createGunzip, gunzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import type { AnswerName } from '../../sandbox/answers.ts'
import { until } from '../support/until.ts'
import { sandboxFor } from './support.ts'

const MIB = 2 ** 20
const SMEDJAN = '/v1/users/smedjan/playlists?limit=50'

/** Starts a sandbox with this fault for all Web API requests. */
async function brokenBy(t: Test, answer: AnswerName) {
  const parts = await sandboxFor(t)
  const whole = await parts.call('GET', SMEDJAN, await parts.bearer())
  parts.sandbox.fault({ on: 'api', answer })
  parts.sandbox.clear()
  return { ...parts, whole, get: () => parts.call('GET', SMEDJAN) }
}

t.test('reset closes the connection before any byte', async t => {
  const { sandbox, get } = await brokenBy(t, 'reset')
  await t.rejects(get(), { code: 'ECONNRESET' })
  t.equal(sandbox.requests[0]?.status, undefined)
})

t.test('reset-mid-body sends half the announced body', async t => {
  const { send, whole } = await brokenBy(t, 'reset-mid-body')
  const { statusCode, headers, body } = await send('GET', SMEDJAN)
  t.equal(statusCode, 200)
  t.equal(Number(headers['content-length']), whole.body.length)
  let bytes = 0
  const reading = async () => {
    for await (const chunk of body) bytes += chunk.length
  }
  await t.rejects(reading(), { code: 'UND_ERR_SOCKET' })
  t.equal(bytes, Math.floor(whole.body.length / 2))
})

t.test('cut-json is complete HTTP but truncated JSON', async t => {
  const { get, whole } = await brokenBy(t, 'cut-json')
  const { status, body, json } = await get()
  t.equal(status, 200)
  t.same(body, whole.body.subarray(0, body.length))
  t.throws(json)
})

t.test('cut-gzip is complete HTTP but truncated gzip', async t => {
  const { get } = await brokenBy(t, 'cut-gzip')
  const { headers, body } = await get()
  t.equal(headers['content-encoding'], 'gzip')
  t.throws(() => gunzipSync(body), { code: 'Z_BUF_ERROR' })
})

t.test('gzip-bomb is small before inflation', async t => {
  const { get } = await brokenBy(t, 'gzip-bomb')
  const { headers, body } = await get()
  t.equal(headers['content-encoding'], 'gzip')
  t.ok(body.length < MIB)
  let bytes = 0
  for await (const chunk of createGunzip().end(body)) bytes += chunk.length
  t.equal(bytes, 65 * MIB)
  t.same((await get()).body, body, 'the cached body')
})

t.test('huge-page is a valid page and 64 MiB of spaces', async t => {
  const { send, whole } = await brokenBy(t, 'huge-page')
  const { body } = await send('GET', SMEDJAN)
  let bytes = 0
  for await (const chunk of body) bytes += chunk.length
  t.equal(bytes, whole.body.length + 64 * MIB)
})

t.test('huge-page stops when the client disconnects', async t => {
  const { sandbox, send, get } = await brokenBy(t, 'huge-page')
  const { body } = await send('GET', SMEDJAN)
  for await (const _ of body) break
  sandbox.clearFaults()
  t.equal((await get()).status, 401, 'the sandbox still works')
})

t.test('hang sends nothing, and closing the sandbox ends the request', async t => {
  const { sandbox, get } = await brokenBy(t, 'hang')
  const hanging = t.rejects(get(), { code: 'UND_ERR_SOCKET' })
  await sandbox.arrived('api', 1)
  await sandbox.close()
  await hanging
  t.equal(sandbox.requests[0]?.status, undefined)
  await sandbox.close()
})

t.test('drip sends one byte at a time and never ends', async t => {
  const { sandbox, send } = await brokenBy(t, 'drip')
  const { statusCode, body } = await send('GET', SMEDJAN)
  t.equal(statusCode, 200)
  let received = ''
  for await (const chunk of body) {
    received += chunk
    if (received.length >= 3) break
  }
  t.equal(received, '{  ')
  await until(() => sandbox.requests[0]?.status === 200)
  t.pass('the sandbox notices that the client has left')
})
