import t from 'tap'
import {
  FALLBACK_SUBJECT,
  isAppDenied,
  linkSubject,
  NO_EVIDENCE,
  needsProbe,
  probeSubject,
} from '../../../src/spotify/gate/gate-evidence.ts'
import {
  declined,
  denied,
  each,
  failed,
  refusedFor,
  START,
  succeeded,
  then,
  unknown,
} from '../../support/gate-history.ts'

const after = (...subjects: string[]) => each(START, failed, subjects).evidence

t.test('three consecutive failures from more than one subject need a probe', async t => {
  t.notOk(needsProbe(after('bob', 'bob', 'bob', 'bob'), 0), 'one subject alone')
  t.notOk(needsProbe(after('bob', 'alice'), 0), 'two failures')
  t.ok(needsProbe(after('bob', 'alice', 'bob'), 0))
  t.ok(needsProbe(after('bob', 'bob', 'bob', 'alice'), 0))
  const mended = then(each(START, failed, ['bob', 'alice', 'bob']), succeeded)
  t.notOk(needsProbe(then(mended, failed).evidence, 9000), 'a response resets the count')
})

t.test('within a second after a response, it takes eight failures to need a probe', async t => {
  const row = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
  const seven = each(then(START, succeeded), failed, row)
  t.notOk(needsProbe(seven.evidence, 999))
  t.ok(needsProbe(seven.evidence, 1000))
  t.ok(needsProbe(then(seven, failed, { subject: 'h' }).evidence, 999))
})

t.test('one denial needs a probe, but two are needed within a second after a response', async t => {
  t.ok(needsProbe(then(START, denied).evidence, 0))
  const once = then(then(START, succeeded), denied)
  t.notOk(needsProbe(once.evidence, 999))
  t.ok(needsProbe(once.evidence, 1000))
  t.notOk(needsProbe(then(once, denied).evidence, 999), 'the same subject')
  t.ok(needsProbe(then(once, denied, { subject: 'alice' }).evidence, 999))
})

t.test(
  'the app counts as denied after two subjects, if the second previously worked or is the probe',
  async t => {
    const worked = then(START, succeeded, { subject: 'worked' })
    const once = then(worked, denied)
    t.notOk(isAppDenied(once.evidence, true), 'one subject')
    const twice = then(once, denied, { subject: 'alice' }).evidence
    t.notOk(isAppDenied(twice, false), 'two unknown subjects')
    t.ok(isAppDenied(twice, true))
    t.ok(isAppDenied(then(once, denied, { subject: 'worked' }).evidence, false))
    const lost = then(then(worked, denied, { subject: 'worked' }), denied).evidence
    t.notOk(isAppDenied(lost, false), 'the first may have worked')
    t.ok(isAppDenied(then(once, denied, { subject: FALLBACK_SUBJECT }).evidence, false))
    t.notOk(isAppDenied(then({ ...worked, evidence: twice }, succeeded).evidence, true))
  },
)

t.test('a failed fallback does not count as working', async t => {
  const fallback = { subject: FALLBACK_SUBJECT }
  const history = then(then(then(START, failed, fallback), denied), denied, fallback)
  t.notOk(isAppDenied(history.evidence, false))
})

t.test('the probe is for the most recently successful subject', async t => {
  let history = each(START, succeeded, ['a', 'b', 'c', 'b'])
  const next = () => probeSubject(history.evidence, 'stranger')
  t.equal(next(), 'b')
  for (const [outcome, best] of [
    [failed, 'c'],
    [denied, 'a'],
  ] as const) {
    history = then(history, outcome, { subject: next() })
    t.equal(next(), best)
  }
  t.equal(probeSubject(each(history, succeeded, ['c']).evidence, 'stranger'), 'c')
})

t.test(
  'while no subject works, probes alternate between the fallback and the requested subject',
  async t => {
    t.equal(probeSubject(NO_EVIDENCE, 'stranger'), FALLBACK_SUBJECT)
    let history = START
    const asked = Array.from({ length: 5 }, (_, nth) => {
      const subject = probeSubject(history.evidence, `stranger ${nth}`)
      history = then(history, failed, { subject })
      return subject
    })
    t.same(asked, [
      FALLBACK_SUBJECT,
      FALLBACK_SUBJECT,
      'stranger 2',
      FALLBACK_SUBJECT,
      'stranger 4',
    ])
  },
)

t.test(
  'an outcome concerning a single request changes nothing, unless that request is the probe',
  async t => {
    const history = each(then(START, succeeded, { subject: 'worked' }), failed, ['a', 'b', 'c'])
    for (const outcome of [declined, unknown, refusedFor(1)]) {
      t.equal(then(history, outcome).evidence, history.evidence)
    }
    const probed = then(history, declined, { subject: 'worked', isProbe: true, nowMs: 5000 })
    t.match(probed.evidence, { failures: 0, failing: [], working: [], lastSuccessMs: 5000 })
  },
)

t.test('the gate remembers at most eight subjects per kind', async t => {
  const many = Array.from({ length: 100 }, (_, index) => `user${index}`)
  const history = each(each(START, succeeded, many), denied, many)
  const { working, failing, denied: ids } = history.evidence
  t.same(
    [working, failing, ids].map(list => list.length),
    [0, 8, 8],
  )
  t.equal(each(START, succeeded, many).evidence.working.length, 8)
})

t.test(
  'a successful request for a link shows Spotify is working, but a link is never probed',
  async t => {
    const link = linkSubject('one')
    const history = then(each(START, failed, ['bob', 'alice', 'bob']), succeeded, { subject: link })
    t.notOk(needsProbe(history.evidence, 0))
    t.same(history.evidence.working, [])
    t.equal(probeSubject(history.evidence, 'stranger'), FALLBACK_SUBJECT)
    const both = then(then(START, succeeded, { subject: 'bob' }), succeeded, { subject: link })
    t.equal(probeSubject(both.evidence, 'stranger'), 'bob')
  },
)
