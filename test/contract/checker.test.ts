import t from 'tap'
import { type Answer, Contract } from '../support/contract.ts'

const TEXT = `
paths:
  /things:
    get:
      responses:
        "200":
          headers:
            ETag: { schema: { type: string, pattern: '^"' } }
            Age: { schema: { type: integer, minimum: 0 } }
            Retry-After: { schema: { type: integer } }
          content:
            application/json:
              schema: { $ref: "#/components/schemas/Thing" }
              example: { name: 7 }
              examples: { good: { value: { name: a } }, bad: { value: {} } }
            text/plain: { schema: { type: string } }
        "304": {}
components:
  schemas:
    Thing:
      type: object
      required: [name]
      additionalProperties: false
      properties: { name: { type: string } }
`

const good: Answer = {
  path: '/things',
  method: 'GET',
  status: 200,
  headers: { date: 'x', 'content-type': 'application/json; charset=utf-8', etag: '"a"', age: '3' },
  body: '{"name":"a"}',
}

t.test('what is as documented has no faults', async t => {
  const contract = new Contract(TEXT)
  t.same(contract.faultsOf(good), [])
  t.same(contract.faultsOf({ ...good, method: 'HEAD', body: '' }), [])
  t.same(contract.faultsOf({ ...good, status: 304, headers: {}, body: '' }), [])
  t.same(contract.faultsOf({ ...good, headers: { ...good.headers, 'retry-after': '5' } }), [])
})

t.test('every difference is found', async t => {
  const contract = new Contract(TEXT)
  const { etag, ...untagged } = good.headers
  for (const [change, fault] of [
    [{ path: '/others' }, '/others has no 200'],
    [{ status: 404 }, '/things has no 404'],
    [{ headers: { ...good.headers, 'content-type': 'text/csv' } }, /does not come as text\/csv/],
    [{ headers: { ...good.headers, 'x-extra': '1' } }, /x-extra is not documented/],
    [{ headers: untagged }, /ETag is missing/],
    [{ headers: { ...good.headers, etag: 'a' } }, /etag must match pattern/],
    [{ headers: { ...good.headers, age: 'old' } }, /age must be integer/],
    [{ headers: { ...good.headers, age: '-1' } }, /age must be >= 0/],
    [{ body: '{}' }, /must have required property 'name'/],
    [{ body: '{"name":null}' }, /\/name must be string/],
    [{ body: '{"name":"a","more":1}' }, /must NOT have additional properties/],
    [{ method: 'HEAD' as const }, /HEAD has a body/],
    [{ status: 304, headers: {} }, /304 has a body/],
  ] as [Partial<Answer>, string | RegExp][]) {
    t.match(contract.faultsOf({ ...good, ...change }), [fault])
  }
})

t.test('what was never seen and examples that are wrong are named', async t => {
  const contract = new Contract(TEXT)
  t.same(contract.unseen, [
    '/things 200 application/json',
    '/things 200 text/plain',
    '/things 304 none',
  ])
  contract.faultsOf(good)
  t.same(contract.unseen, ['/things 200 text/plain', '/things 304 none'])
  t.match(contract.badExamples, [
    /example\/name must be string/,
    /example must have required property 'name'/,
  ])
})
