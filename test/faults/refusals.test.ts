import { refusals } from '../../faults/refusals.ts'
import { holdsBars } from '../support/bars.ts'

for (const scenario of refusals) holdsBars(scenario)
