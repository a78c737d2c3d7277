import t from 'tap'
import { Contract, type ReceivedResponse } from '../support/contract.ts'

const TEXT = `
paths:
  /things/{name}/parts:
    get:
      parameters:
        - { name: size, in: query, schema: { type: integer }, example: large }
      responses:
        "200":
          headers:
            ETag: { required: true, schema: { type: string, pattern: '^"' } }
            Age: { required: true, schema: { type: integer, minimum: 0 } }
            Retry-After: { schema: { type: integer } }
          content:
            application/json:
              schema: { $ref: "#/components/schemas/Thing" }
              example: { name: 7 }
              examples: { good: { value: { name: a } }, bad: { value: {} } }
            text/plain: { schema: { type: string } }
        "304": {}
        "503":
          content:
            application/problem+json:
              schema: { type: object, required: [type], properties: { type: { type: string } } }
              examples: { busy: { value: { type: /problems/busy } }, down: { value: { type: a } } }
components:
  schemas:
    Thing:
      type: object
      required: [name]
      additionalProperties: false
      properties: { name: { type: string, format: uri-reference, examples: ["a b"] } }
`

const good: ReceivedResponse = {
  url: '/things/a/parts?size=1',
  method: 'GET',
  status: 200,
  headers: {
    date: 'x',
    'transfer-encoding': 'chunked',
    'content-type': 'application/json; charset=utf-8',
    etag: '"a"',
    age: '3',
  },
  body: '{"name":"a"}',
}
const problem: ReceivedResponse = {
  ...good,
  status: 503,
  headers: { 'content-type': 'application/problem+json' },
  body: '{"type":"/problems/busy"}',
}

t.test('the contract checker accepts a documented response', async t => {
  const contract = new Contract(TEXT)
  for (const answer of [
    good,
    problem,
    { ...good, method: 'HEAD' as const, body: '' },
    { ...good, status: 304, headers: {}, body: '' },
    { ...good, headers: { ...good.headers, 'retry-after': '5' } },
    { ...good, headers: { ...good.headers, 'content-type': 'text/plain' }, body: '{' },
  ]) {
    t.same(contract.faultsOf(answer), [])
  }
})

t.test('the contract checker finds every difference from the contract', async t => {
  const contract = new Contract(TEXT)
  const { etag, ...untagged } = good.headers
  const { 'content-type': type, ...untyped } = good.headers
  for (const [change, fault] of [
    [{ url: '/others' }, 'no path of the contract fits /others'],
    [{ url: '/things/a/b/parts' }, 'no path of the contract fits'],
    [{ url: '/things/a/parts/' }, 'no path of the contract fits'],
    [{ status: 404 }, '/things/{name}/parts has no 404'],
    [{ headers: { ...good.headers, 'content-type': 'text/csv' } }, /does not come as text\/csv/],
    [{ headers: untyped }, /does not come as undefined/],
    [{ headers: { ...good.headers, 'x-extra': '1' } }, /x-extra is not documented/],
    [{ headers: untagged }, /etag is missing/],
    [{ headers: { ...good.headers, etag: 'a' } }, /etag must match pattern/],
    [{ headers: { ...good.headers, age: 'old' } }, /age must be integer/],
    [{ headers: { ...good.headers, age: '-1' } }, /age must be >= 0/],
    [{ body: '{' }, /is no JSON/],
    [{ body: '{}' }, /must have required property 'name'/],
    [{ body: '{"name":null}' }, /\/name must be string/],
    [{ body: '{"name":"a b"}' }, /\/name must match format "uri-reference"/],
    [{ body: '{"name":"a","more":1}' }, /must NOT have additional properties/],
    [{ method: 'HEAD' }, /HEAD has a body/],
    [{ status: 304, headers: {} }, /304 has a body/],
    [{ status: 304, headers: { 'content-type': 'text/plain' }, body: '' }, /304 has a body/],
    [{ ...problem, body: '{"type":"/problems/odd"}' }, /names no odd/],
    [{ ...problem, body: '{"type":7}' }, /\/type must be string/],
  ] as [Partial<ReceivedResponse>, string | RegExp][]) {
    const faults = contract.faultsOf({ ...good, ...change })
    t.equal(faults.length, 1, String(fault))
    t.match(faults, [fault])
  }
})

t.test('the contract checker lists documented but never received responses', async t => {
  const contract = new Contract(TEXT)
  const parts = '/things/{name}/parts'
  const busy = `${parts} 503 application/problem+json busy`
  const down = `${parts} 503 application/problem+json down`
  const [json, plain] = [`${parts} 200 application/json`, `${parts} 200 text/plain`]
  t.same(contract.unseen, [json, plain, `${parts} 304`, busy, down])
  contract.faultsOf({ ...good, method: 'HEAD', body: '' })
  t.same(contract.unseen, [json, plain, `${parts} 304`, busy, down], 'HEAD shows no body')
  contract.faultsOf(good)
  contract.faultsOf(problem)
  t.same(contract.unseen, [plain, `${parts} 304`, down])
})

t.test('the contract checker lists every example that violates the schema', async t => {
  const faults = new Contract(TEXT).badExamples
  t.equal(faults.length, 4)
  t.match(faults, [
    /parameters 0 example must be integer/,
    /application\/json example\/name must be string/,
    /application\/json example must have required property 'name'/,
    /components schemas Thing properties name example must match format/,
  ])
})
