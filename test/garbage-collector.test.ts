import t from 'tap'
import { fitGarbageCollector } from '../src/garbage-collector.ts'

t.test('marking has threads of its own where these have a CPU of their own', async t => {
  const flagsFor = (cpus: number) => {
    const flags: string[] = []
    fitGarbageCollector(cpus, flag => flags.push(flag))
    return flags
  }
  t.same(flagsFor(1), ['--no-concurrent-marking', '--no-concurrent-sweeping'])
  t.same(flagsFor(2), [])
})
