import t from 'tap'
import type { Scenario } from '../../faults/stats.ts'

/** Tests all thresholds of the scenario except durations, which `npm run faults` checks. */
export function meetsThresholds(scenario: Scenario): void {
  t.test(scenario.title, async t => {
    const { thresholds } = await scenario.run()
    const testable = thresholds.filter(([sentence]) => !/\bms\b/.test(sentence))
    t.ok(testable.length > 0)
    for (const [sentence, isMet] of testable) t.ok(isMet, sentence)
  })
}
