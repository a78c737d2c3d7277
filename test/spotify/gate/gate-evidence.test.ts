import t from 'tap'
import {
  FALLBACK_SUBJECT,
  isAppDenied,
  isDoubtful,
  NO_EVIDENCE,
  probeSubject,
} from '../../../src/spotify/gate/gate-evidence.ts'
import {
  answered,
  declined,
  denied,
  each,
  failed,
  refusedFor,
  START,
  then,
  unknown,
} from '../../support/gate-history.ts'

const after = (...subjects: string[]) => each(START, failed, subjects).evidence

t.test('three failures in a row of more than one subject are doubtful', async t => {
  t.notOk(isDoubtful(after('bob', 'bob', 'bob', 'bob'), 0), 'one subject alone')
  t.notOk(isDoubtful(after('bob', 'alice'), 0), 'two failures')
  t.ok(isDoubtful(after('bob', 'alice', 'bob'), 0))
  t.ok(isDoubtful(after('bob', 'bob', 'bob', 'alice'), 0))
  const mended = then(each(START, failed, ['bob', 'alice', 'bob']), answered)
  t.notOk(isDoubtful(then(mended, failed).evidence, 9000), 'a response ends the row')
})

t.test('within a second after a response it takes eight failures', async t => {
  const row = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
  const seven = each(then(START, answered), failed, row)
  t.notOk(isDoubtful(seven.evidence, 999))
  t.ok(isDoubtful(seven.evidence, 1000))
  t.ok(isDoubtful(then(seven, failed, { subject: 'h' }).evidence, 999))
})

t.test('one denial is doubtful, within a second after a response two are', async t => {
  t.ok(isDoubtful(then(START, denied).evidence, 0))
  const once = then(then(START, answered), denied)
  t.notOk(isDoubtful(once.evidence, 999))
  t.ok(isDoubtful(once.evidence, 1000))
  t.notOk(isDoubtful(then(once, denied).evidence, 999), 'the same subject')
  t.ok(isDoubtful(then(once, denied, { subject: 'alice' }).evidence, 999))
})

t.test('the app is denied when a second subject is, one that works or the probe', async t => {
  const worked = then(START, answered, { subject: 'worked' })
  const once = then(worked, denied)
  t.notOk(isAppDenied(once.evidence, true), 'one subject')
  const twice = then(once, denied, { subject: 'alice' }).evidence
  t.notOk(isAppDenied(twice, false), 'two that nobody knows')
  t.ok(isAppDenied(twice, true))
  t.ok(isAppDenied(then(once, denied, { subject: 'worked' }).evidence, false))
  const lost = then(then(worked, denied, { subject: 'worked' }), denied).evidence
  t.notOk(isAppDenied(lost, false), 'one that worked may be denied alone, too')
  t.ok(isAppDenied(then(once, denied, { subject: FALLBACK_SUBJECT }).evidence, false))
  t.notOk(isAppDenied(then({ ...worked, evidence: twice }, answered).evidence, true))
})

t.test('a fallback that failed is not one that works', async t => {
  const fallback = { subject: FALLBACK_SUBJECT }
  const history = then(then(then(START, failed, fallback), denied), denied, fallback)
  t.notOk(isAppDenied(history.evidence, false))
})

t.test(
  'the probe is about the subject that was answered last and has not failed since',
  async t => {
    let history = each(START, answered, ['a', 'b', 'c', 'b'])
    const next = () => probeSubject(history.evidence, 'stranger')
    t.equal(next(), 'b')
    for (const [outcome, best] of [
      [failed, 'c'],
      [denied, 'a'],
    ] as const) {
      history = then(history, outcome, { subject: next() })
      t.equal(next(), best)
    }
    t.equal(probeSubject(each(history, answered, ['c']).evidence, 'stranger'), 'c')
  },
)

t.test('while none works the fallback is asked about, in turn with strangers', async t => {
  t.equal(probeSubject(NO_EVIDENCE, 'stranger'), FALLBACK_SUBJECT)
  let history = START
  const asked = Array.from({ length: 5 }, (_, nth) => {
    const subject = probeSubject(history.evidence, `stranger ${nth}`)
    history = then(history, failed, { subject })
    return subject
  })
  t.same(asked, [FALLBACK_SUBJECT, FALLBACK_SUBJECT, 'stranger 2', FALLBACK_SUBJECT, 'stranger 4'])
})

t.test('what is about one request changes nothing, unless it is the probe', async t => {
  const history = each(then(START, answered, { subject: 'worked' }), failed, ['a', 'b', 'c'])
  for (const outcome of [declined, unknown, refusedFor(1)]) {
    t.equal(then(history, outcome).evidence, history.evidence)
  }
  const probed = then(history, declined, { subject: 'worked', isProbe: true, nowMs: 5000 })
  t.match(probed.evidence, { failures: 0, failing: [], working: [], answeredMs: 5000 })
})

t.test('what is remembered is bounded', async t => {
  const many = Array.from({ length: 100 }, (_, index) => `user${index}`)
  const history = each(each(START, answered, many), denied, many)
  const { working, failing, denied: ids } = history.evidence
  t.same(
    [working, failing, ids].map(list => list.length),
    [0, 8, 8],
  )
  t.equal(each(START, answered, many).evidence.working.length, 8)
})
