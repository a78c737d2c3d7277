import { hash } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

const cache = new URL('../../node_modules/.cache/strip-types/', import.meta.url)

/**
 * Reads modules in TypeScript (Node's `load` hook). What was blanked once is read from a file, since
 * each test file is a process of its own and loading the compiler takes half a second.
 */
export async function load(url, context, nextLoad) {
  const { protocol, pathname } = new URL(url)
  if (protocol !== 'file:' || !pathname.endsWith('.ts')) return nextLoad(url, context)
  const source = await readFile(fileURLToPath(url), 'utf8')
  const file = new URL(`${hash('sha256', source)}.js`, cache)
  const known = await readFile(file, 'utf8').catch(() => undefined)
  return { format: 'module', source: known ?? (await blank(source, file)), shortCircuit: true }
}

async function blank(source, file) {
  const { default: blankSpace } = await import('ts-blank-space')
  const blanked = blankSpace(source)
  await mkdir(cache, { recursive: true })
  // Other processes may read it meanwhile, so that it gets its name when it is whole.
  const partial = new URL(`${file.pathname}.${process.pid}`, cache)
  await writeFile(partial, blanked)
  await rename(partial, file)
  return blanked
}
