import * as fs from 'node:fs'
import t, { type Test } from 'tap'
import { failureOf } from '../support/failure-of.ts'
import { NO_DOTENV, required } from './load-support.ts'

const mocked = (t: Test, mocks: Record<string, unknown>) =>
  t.mockImport<typeof import('../../src/config/load.ts')>('../../src/config/load.ts', mocks)

t.test('loadConfig rethrows errors that are not faults', async t => {
  const bug = new Error('a bug')
  const broken = await mocked(t, { '@fastify/env': { default: () => Promise.reject(bug) } })
  t.equal(await failureOf(broken.loadConfig(required, NO_DOTENV)), bug)
})

t.test('a file error without a code is a fault', async t => {
  const readFileSync = () => JSON.parse('neither JSON nor a system error')
  const { ConfigError, loadConfig } = await mocked(t, { 'node:fs': { ...fs, readFileSync } })
  const error = await failureOf(loadConfig(required, '.env'))
  t.ok(error instanceof ConfigError)
  t.hasStrict(error, { faults: ['.env: cannot be read (unknown error)'] })
})
