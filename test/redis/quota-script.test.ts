import { randomUUID } from 'node:crypto'
import t from 'tap'
import {
  type BucketCount,
  COUNT_REQUESTS,
  type CountMessage,
  readCountAnswer,
} from '../../src/redis/quota-script.ts'
import { startEngine, withoutEngine } from '../support/valkey.ts'

const KEY = 'playlist-proxy:requests:app'
const LENGTHS = {
  bucketMs: 300_000,
  windowMs: 86_400_000,
  presentMs: 15_000,
  rememberedMs: 900_000,
}

/** Asks the engine itself. */
async function engine(t: Parameters<typeof startEngine>[0]) {
  const { url, client } = await startEngine(t)
  const ask = async (message: Partial<CountMessage> & { known?: BucketCount[] }) => {
    const asked = { ...LENGTHS, replica: 'one', sequence: 1, added: [], mostBefore: [], ...message }
    return readCountAnswer(await client.eval(COUNT_REQUESTS, 1, KEY, JSON.stringify(asked)))
  }
  const total = async () =>
    (await ask({ replica: randomUUID() }))?.buckets.reduce((sum, [, count]) => sum + count, 0)
  return { url, client, ask, total }
}

t.test(
  'without a hash there is an answer to those alone who know',
  { skip: withoutEngine },
  async t => {
    const { ask } = await engine(t)
    t.equal(await ask({}), undefined)
    t.match(await ask({ known: [] }), { taken: [], replicas: 1 })
    t.match(await ask({}), { taken: [], replicas: 1 })
  },
)

t.test(
  'takes are granted in their order, each as far as it may',
  { skip: withoutEngine },
  async t => {
    const { ask, total } = await engine(t)
    const answer = await ask({ known: [], mostBefore: [1, 0, 1, 2, 1] })
    t.strictSame(answer?.taken, [true, false, true, true, false])
    t.equal(answer?.takenBucket, Math.floor(Number(answer?.now) / LENGTHS.bucketMs))
    t.equal(await total(), 3)
  },
)

t.test('a message that comes again gets the same answer', { skip: withoutEngine }, async t => {
  const { ask, total } = await engine(t)
  const first = await ask({ known: [], sequence: 7, mostBefore: [0, 0] })
  t.match(await ask({ sequence: 7, mostBefore: [] }), {
    taken: [true, false],
    takenBucket: first?.takenBucket,
  })
  t.equal(await total(), 1)
})

t.test(
  'a message that its successors have overtaken counts nothing',
  { skip: withoutEngine },
  async t => {
    const { ask, total } = await engine(t)
    const bucket = Number((await ask({ known: [], sequence: 8, mostBefore: [9] }))?.takenBucket)
    await ask({ sequence: 7, added: [[bucket, 5]], mostBefore: [9] })
    t.equal(await total(), 1)
    await ask({ sequence: 9, added: [[bucket, 5]], mostBefore: [9] })
    t.equal(await total(), 7)
  },
)

t.test('what is older than the window counts no more', { skip: withoutEngine }, async t => {
  const { ask, total } = await engine(t)
  const known: BucketCount[] = [[1, 5]]
  const added: BucketCount[] = [[2, 5]]
  t.match(await ask({ known, added, mostBefore: [0] }), { taken: [true] })
  t.equal(await total(), 1)
})

t.test(
  'requests that a clock which is ahead counted count now',
  { skip: withoutEngine },
  async t => {
    const { ask, client } = await engine(t)
    const bucket = Number((await ask({ known: [] }))?.takenBucket)
    await ask({ sequence: 2, added: [[bucket + 24, 5]] })
    t.equal(await client.hget(KEY, String(bucket)), '5')
  },
)

t.test('who is not known any more is asked what it knows', { skip: withoutEngine }, async t => {
  const { ask, total } = await engine(t)
  const bucket = Number((await ask({ known: [], mostBefore: [9, 9] }))?.takenBucket)
  const added: BucketCount[] = [
    [bucket, 1],
    [bucket, -1],
  ]
  const message = { replica: 'other', sequence: 5, added }
  t.equal(await ask(message), undefined)
  t.match(await ask({ ...message, known: [[bucket, 7]] }), { replicas: 2 })
  t.equal(await total(), 8, 'the larger count, and nothing given back that may have been before')
  await ask({ replica: 'other', sequence: 6, known: [[bucket, 7]], added: [[bucket, -1]] })
  t.equal(await total(), 7)
})

t.test('replicas are those that were heard of lately', { skip: withoutEngine }, async t => {
  const { ask, client } = await engine(t)
  const now = Number((await ask({ known: [] }))?.now)
  const seen = (agoMs: number) => `${now - agoMs} 1 1 `
  await client.hset(KEY, {
    'replica:two': seen(0),
    'replica:late': seen(LENGTHS.presentMs),
    'replica:gone': seen(LENGTHS.rememberedMs),
  })
  t.match(await ask({ sequence: 2 }), { replicas: 2 })
  t.strictSame((await client.hkeys(KEY)).filter(key => key.startsWith('replica:')).toSorted(), [
    'replica:late',
    'replica:one',
    'replica:two',
  ])
})
