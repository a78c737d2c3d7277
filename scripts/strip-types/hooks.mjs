import { hash } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

const cache = new URL('../../node_modules/.cache/strip-types/', import.meta.url)

/**
 * Loads TypeScript modules (Node's `load` hook). It caches the results in files, because each test file
 * runs in its own process and loading the compiler takes half a second.
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
  // Renames the complete file, because other processes may read it meanwhile.
  const partial = new URL(`${file.pathname}.${process.pid}`, cache)
  await writeFile(partial, blanked)
  await rename(partial, file)
  return blanked
}
