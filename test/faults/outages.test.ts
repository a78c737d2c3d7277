import { outages } from '../../faults/outages.ts'
import { holdsBars } from '../support/bars.ts'

for (const scenario of outages) holdsBars(scenario)
