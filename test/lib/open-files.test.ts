import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openFileLimit } from '../../src/lib/open-files.ts'

const limits = (
  soft: string,
) => `Limit                     Soft Limit           Hard Limit           Units
Max processes             11                   12                   processes
Max open files            ${soft.padEnd(20)} 1048576              files
`

t.test("the open files limit is the process's soft limit", async t => {
  const files = { some: limits('1024'), none: limits('unlimited'), other: 'no such line' }
  const folder = t.testdir(files)
  t.equal(openFileLimit(join(folder, 'some')), 1024)
  t.equal(openFileLimit(join(folder, 'none')), undefined)
  t.equal(openFileLimit(join(folder, 'other')), undefined)
  t.equal(openFileLimit(join(folder, 'not there')), undefined)
  if (existsSync('/proc/self/limits')) t.ok(Number(openFileLimit()) > 0)
})
