import { readdirSync } from 'node:fs'
import { basename, join, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'

const TESTS = join(import.meta.dirname, '..')
/** Named after the folders they run; `others` runs the tests outside these folders. */
const PARTS = readdirSync(join(TESTS, 'parts')).map(nameOf)
/** Applies to each test, since all tests in a process share the test runner's time-out. */
const MAX_TEST_MS = 120_000

/**
 * Runs a part's tests in this process, one after another; `file` is the path to the part. The test runner
 * starts a process per file, and loading the service 250 times takes longer than all tests.
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
