import t from 'tap'
import type { Scenario } from '../../faults/tally.ts'

/** A test that all bars of the scenario are held, but those on time: that is for `npm run faults`. */
export function holdsBars(scenario: Scenario): void {
  t.test(scenario.title, async t => {
    const { bars } = await scenario.run()
    const testable = bars.filter(([sentence]) => !/\bms\b/.test(sentence))
    t.ok(testable.length > 0)
    for (const [sentence, isHeld] of testable) t.ok(isHeld, sentence)
  })
}
