import t from 'tap'
import { failing } from './failing-ids.ts'
import { lookups } from './lookups.ts'
import { outages } from './outages.ts'
import { refusals } from './refusals.ts'

// Tests all scenario thresholds in virtual time except durations, which `npm run faults` checks.
for (const { title, run } of [...refusals, ...outages, ...failing, ...lookups]) {
  t.test(title, async t => {
    const { thresholds } = await run()
    const testable = thresholds.filter(([sentence]) => !/\bms\b/.test(sentence))
    t.ok(testable.length > 0)
    for (const [sentence, isMet] of testable) t.ok(isMet, sentence)
  })
}
