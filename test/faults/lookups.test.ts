import { lookups } from '../../faults/lookups.ts'
import { holdsBars } from '../support/bars.ts'

for (const scenario of lookups) holdsBars(scenario)
