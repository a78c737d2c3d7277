import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { FULL, type Group, QUICK } from './bench.ts'
import { blocking } from './blocking.ts'
import { Cleanup } from './cleanup.ts'
import { leaveServerCore } from './cores.ts'
import { day } from './day.ts'
import { type Figure, isHeld, tableOf } from './figure.ts'
import { hit } from './hit.ts'
import { memoryOfUsers } from './memory.ts'
import { start } from './start.ts'
import { cold, refresh } from './walks.ts'

// `npm run bench -- [--quick] [--out FILE] [GROUP …]`: measures against limits and references that
// are measured in the same run. Prints a table and writes JSON.

const GROUPS: Record<string, Group> = {
  hit,
  cold,
  refresh,
  blocking,
  memory: memoryOfUsers,
  start,
  day,
}
/** A group that takes longer hangs. */
const GROUP_LIMIT_MS = 15 * 60_000

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
    `there is no group ${unknown.join(', ')}; there are ${Object.keys(GROUPS).join(', ')}`,
  )
  process.exit(2)
}

const cleanup = new Cleanup()
/** Ends what runs, then the process. */
async function quit(exitCode: number, why: string): Promise<void> {
  console.error(why)
  await cleanup.run()
  process.exit(exitCode)
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void quit(130, `ended by ${signal}`))
}

const plan = values.quick ? QUICK : FULL
const say = (text: string) => console.error(`  ${text}`)
const isPinned = leaveServerCore()
const loadBefore = loadavg()[0]
const figures: Figure[] = []
for (const name of names) {
  console.error(name)
  const limit = setTimeout(() => void quit(1, `${name} does not end`), GROUP_LIMIT_MS)
  try {
    figures.push(...(await (GROUPS[name] as Group)({ plan, defer: c => cleanup.defer(c), say })))
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
console.log(tableOf(figures))
console.log(`\n${JSON.stringify(machine)}`)
mkdirSync(dirname(values.out), { recursive: true })
const rows = figures.map(row => ({ ...row, held: isHeld(row) }))
writeFileSync(values.out, `${JSON.stringify({ ...machine, figures: rows }, undefined, 2)}\n`)
