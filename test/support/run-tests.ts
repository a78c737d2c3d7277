import { readdirSync } from 'node:fs'
import { basename, join, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'

const TESTS = join(import.meta.dirname, '..')
/** Named like the folders that they run; `others` runs the tests in no such folder. */
const PARTS = readdirSync(join(TESTS, 'parts')).map(nameOf)
/** For each test, since all tests of a process share the time-out of the test runner. */
const MAX_TEST_MS = 120_000

/**
 * Runs the tests of a part in this process, one after the other; `file` is the path of the part. The test runner
 * starts a process for each file that it is given, and loading the service 250 times takes longer than all tests.
 */
export async function runTests(file: string): Promise<void> {
  const part = nameOf(file)
  t.beforeEach(t => t.setTimeout(MAX_TEST_MS))
  for (const path of readdirSync(TESTS, { recursive: true, encoding: 'utf8' }).sort()) {
    if (path.endsWith('.test.ts') && partOf(path) === part)
      await import(pathToFileURL(join(TESTS, path)).href)
  }
}

function nameOf(file: string): string {
  return basename(file, '.ts')
}

function partOf(path: string): string {
  const [folder = ''] = path.split(sep)
  return PARTS.includes(folder) ? folder : 'others'
}
