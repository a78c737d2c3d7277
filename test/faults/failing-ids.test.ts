import { failing } from '../../faults/failing-ids.ts'
import { holdsBars } from '../support/bars.ts'

for (const scenario of failing) holdsBars(scenario)
