import { readFileSync } from 'node:fs'
import t from 'tap'
import { openapiDocument } from '../scripts/openapi-document.ts'

t.test('openapi.yaml is what the routes of the service say', async t => {
  t.equal(readFileSync('openapi.yaml', 'utf8'), await openapiDocument(), 'else: npm run openapi')
})
