import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { FULL, type Group, QUICK } from './bench.ts'
import { blocking } from './blocking.ts'
import { Cleanup } from './cleanup.ts'
import { leaveServerCore } from './cores.ts'
import { day } from './day.ts'
import { hit } from './hit.ts'
import { memoryOfUsers } from './memory.ts'
import { isMet, type Metric, tableOf } from './metric.ts'
import { start } from './start.ts'
import { cold, refresh } from './traversals.ts'

// `npm run bench -- [--quick] [--out FILE] [GROUP …]` measures the service against thresholds and
// references from the same run, prints a table and writes JSON.

const GROUPS: Record<string, Group> = {
  hit,
  cold,
  refresh,
  blocking,
  memory: memoryOfUsers,
  start,
  day,
}
/** Any group running longer is stuck. */
const GROUP_LIMIT_MS = 30 * 60_000

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    out: { type: 'string', default: 'bench/results/latest.json' },
  },
})
const names = positionals.length > 0 ? positionals : Object.keys(GROUPS)
const unknown = names.filter(name => !(name in GROUPS))
if (unknown.length > 0) {
  console.error(
    `unknown group ${unknown.join(', ')}; the groups are ${Object.keys(GROUPS).join(', ')}`,
  )
  process.exit(2)
}

const cleanup = new Cleanup()
const { defer } = cleanup

async function giveUp(name: string): Promise<void> {
  console.error(`${name} timed out`)
  await cleanup.run()
  process.exit(1)
}

const plan = values.quick ? QUICK : FULL
const report = (text: string) => console.error(`  ${text}`)
const isPinned = leaveServerCore()
const loadBefore = loadavg()[0]
const metrics: Metric[] = []
for (const name of names) {
  console.error(name)
  const limit = setTimeout(() => void giveUp(name), GROUP_LIMIT_MS)
  try {
    metrics.push(...(await (GROUPS[name] as Group)({ plan, defer, report })))
  } finally {
    clearTimeout(limit)
    await cleanup.run()
  }
}

const machine = {
  date: new Date().toISOString(),
  node: process.version,
  cpu: cpus()[0]?.model.trim(),
  cores: cpus().length,
  pinned: isPinned,
  load_average: { before: loadBefore, after: loadavg()[0] },
  plan,
}
console.log(tableOf(metrics))
console.log(`\n${JSON.stringify(machine)}`)
mkdirSync(dirname(values.out), { recursive: true })
const rows = metrics.map(row => ({ ...row, met: isMet(row) }))
writeFileSync(values.out, `${JSON.stringify({ ...machine, metrics: rows }, undefined, 2)}\n`)
