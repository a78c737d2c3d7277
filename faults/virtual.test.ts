import { meetsThresholds } from '../test/support/thresholds.ts'
import { failing } from './failing-ids.ts'
import { lookups } from './lookups.ts'
import { outages } from './outages.ts'
import { refusals } from './refusals.ts'

// Each scenario in virtual time is a test.
for (const scenario of [...refusals, ...outages, ...failing, ...lookups]) meetsThresholds(scenario)
