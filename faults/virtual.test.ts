import { holdsBars } from '../test/support/bars.ts'
import { failing } from './failing-ids.ts'
import { lookups } from './lookups.ts'
import { outages } from './outages.ts'
import { refusals } from './refusals.ts'

// The scenarios in virtual time, each as a test of its thresholds.
for (const scenario of [...refusals, ...outages, ...failing, ...lookups]) holdsBars(scenario)
