import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { setGcFlags } from '../../src/lib/gc-flags.ts'
import { loaderArguments } from '../support/loader-arguments.ts'

const run = promisify(execFile)

t.test('the garbage collector marks and sweeps without threads only on a single CPU', async t => {
  const flagsFor = (cpus: number) => {
    const flags: string[] = []
    setGcFlags(cpus, flag => flags.push(flag))
    return flags
  }
  t.same(flagsFor(1), ['--no-concurrent-marking', '--no-concurrent-sweeping'])
  t.same(flagsFor(2), [])
})

t.test('V8 knows these flags: it reports unknown flags on stderr, but not these', async t => {
  const module = JSON.stringify(new URL('../../src/lib/gc-flags.ts', import.meta.url))
  const script = (act: string) => `import { setGcFlags } from ${module}; ${act}`
  const stderrOf = async (act: string) => {
    const flags = [...loaderArguments, '--input-type=module', '--eval', script(act)]
    return (await run(process.execPath, flags)).stderr
  }
  t.notMatch(await stderrOf('setGcFlags(1)'), /concurrent/)
  const unknown = "import { setFlagsFromString } from 'node:v8'; setFlagsFromString('--no-such')"
  t.match(await stderrOf(unknown), /no-such/)
})
