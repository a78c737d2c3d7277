import { readdirSync } from 'node:fs'
import { join, sep } from 'node:path'
import t from 'tap'

const TESTS = join(import.meta.dirname, '..')
/** For each test, since all tests of a process share the time-out of the test runner. */
const MAX_TEST_MS = 120_000

/** The folders with a process of their own take about as long as all others together. */
type Part = 'http' | 'replicas' | 'others'

/**
 * Runs the tests of a part in this process, one file after the other. The test runner starts a process for each
 * file that it is given, and loading the service 250 times would take longer than all tests.
 */
export async function runTests(part: Part): Promise<void> {
  t.beforeEach(t => t.setTimeout(MAX_TEST_MS))
  for (const file of readdirSync(TESTS, { recursive: true, encoding: 'utf8' }).sort()) {
    if (file.endsWith('.test.ts') && partOf(file) === part) await import(join(TESTS, file))
  }
}

function partOf(file: string): Part {
  const [folder] = file.split(sep)
  return folder === 'http' || folder === 'replicas' ? folder : 'others'
}
