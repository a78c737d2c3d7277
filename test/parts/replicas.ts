import { runTests } from '../support/run-tests.ts'

await runTests(import.meta.filename)
