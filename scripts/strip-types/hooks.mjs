import { hash } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

const cache = new URL('../../node_modules/.cache/strip-types/', import.meta.url)

/**
 * Loads TypeScript modules, and the 370 typebox modules as one (Node's `load` hook): each module costs messages
 * between two threads. Caches the results in files; otherwise each process in a test run would load the
 * compiler, for half a second.
 */
export async function load(url, context, nextLoad) {
  const { protocol, pathname } = new URL(url)
  if (protocol !== 'file:') return nextLoad(url, context)
  if (pathname.endsWith('.ts')) {
    const source = await readFile(fileURLToPath(url), 'utf8')
    return module(await cached(source, () => blanked(source)))
  }
  if (pathname.endsWith('/node_modules/typebox/build/index.mjs')) {
    const manifest = await readFile(new URL('../package.json', url), 'utf8')
    return module(await cached(manifest, () => bundled(fileURLToPath(url))))
  }
  return nextLoad(url, context)
}

function module(source) {
  return { format: 'module', source, shortCircuit: true }
}

async function cached(key, make) {
  const file = new URL(`${hash('sha256', key)}.js`, cache)
  const known = await readFile(file, 'utf8').catch(() => undefined)
  if (known !== undefined) return known
  const made = await make()
  await mkdir(cache, { recursive: true })
  // Renames the complete file, because other processes could be reading it.
  const partial = new URL(`${file.pathname}.${process.pid}`, cache)
  await writeFile(partial, made)
  await rename(partial, file)
  return made
}

async function blanked(source) {
  const { default: blankSpace } = await import('ts-blank-space')
  return blankSpace(source)
}

async function bundled(path) {
  const { build } = await import('esbuild')
  const options = { bundle: true, format: 'esm', platform: 'node', target: 'es2023', write: false }
  const { outputFiles } = await build({ ...options, entryPoints: [path] })
  return outputFiles[0].text
}
