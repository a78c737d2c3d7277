import t from 'tap'
import type { Scenario } from '../../faults/tally.ts'

/** Tests all thresholds of the scenario except durations, which `npm run faults` checks. */
export function holdsBars(scenario: Scenario): void {
  t.test(scenario.title, async t => {
    const { bars } = await scenario.run()
    const testable = bars.filter(([sentence]) => !/\bms\b/.test(sentence))
    t.ok(testable.length > 0)
    for (const [sentence, isHeld] of testable) t.ok(isHeld, sentence)
  })
}
