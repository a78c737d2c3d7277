import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { basename, join, sep } from 'node:path'
import { build, type Metafile, type Plugin } from 'esbuild'

// `npm run build` bundles the service and its packages into a few files in dist/, because Node spends most of
// the start on finding and reading a thousand small files. `npm test` checks the types.

const root = join(import.meta.dirname, '..')
const out = join(root, 'dist')
/** The build renames this folder to `out` when complete. */
const fresh = join(root, 'dist.new')

/**
 * Folders that packages read at run time. The build copies them to the same path below dist/. Package `by`
 * contains a copy of the package `from`, in the version from its devDependencies.
 */
const ASSETS = [
  { by: 'node_modules/@fastify/swagger-ui', folder: 'static', from: 'swagger-ui-dist' },
]

/** Packages using `__dirname` or `__filename`, and why that is safe. Others fail the build. */
const USES_DIRNAME: Record<string, string> = {
  '@fastify/swagger-ui': 'the build copies its files',
  '@fastify/swagger': 'reads its name and version for documents generated from routes',
  iovalkey: 'removes its own lines from stack traces',
  pino: 'finds the worker of a transport; we use no transport',
  'thread-stream': 'the same',
}

/** Packages without a licence text. */
const WITHOUT_TEXT = ['abstract-logging']

/** Defines CommonJS names at the top of each file. */
const TOP = `import { createRequire as createRequireOf } from 'node:module'
const require = createRequireOf(import.meta.url)
const folderOfBundle = import.meta.dirname`

const PACKAGE = /^(?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)/

/** Sets a package's `__dirname` to the package folder below dist/. */
const folderNames: Plugin = {
  name: 'folder names',
  setup({ onLoad }) {
    onLoad({ filter: /node_modules.*\.c?js$/ }, ({ path }) => {
      const contents = readFileSync(path, 'utf8')
      if (!/\b__(?:dir|file)name\b/.test(contents)) return undefined
      const [, name = ''] = PACKAGE.exec(path.replaceAll(sep, '/')) ?? []
      if (!Object.hasOwn(USES_DIRNAME, name))
        return { errors: [{ text: `${name} uses __dirname or __filename` }] }
      const below = path.slice(path.lastIndexOf('node_modules')).split(sep)
      const folder = JSON.stringify(below.slice(0, -1).join('/'))
      const line = `var __dirname = require('node:path').join(folderOfBundle, ${folder});`
      return { contents: line + contents, loader: 'js' }
    })
  },
}

/**
 * The parts of undici used in `src/`. The rest, such as `fetch` and mocks, would make a start a seventh longer.
 */
const UNDICI = `import api from 'undici/lib/api/index.js'
import Dispatcher from 'undici/lib/dispatcher/dispatcher.js'
export { default as buildConnector } from 'undici/lib/core/connect.js'
export { default as errors } from 'undici/lib/core/errors.js'
export { default as Pool } from 'undici/lib/dispatcher/pool.js'
Object.assign(Dispatcher.prototype, api)`

/** Bundles only those parts. Fails the build if `src/` imports another part, or a package imports undici. */
const partOfUndici: Plugin = {
  name: 'part of undici',
  setup({ onLoad, onResolve }) {
    const namespace = 'part-of-undici'
    onResolve({ filter: /^undici$/ }, ({ path, importer, kind }) => {
      const isOurs = kind === 'import-statement' && importer.startsWith(join(root, 'src', sep))
      if (isOurs) return { path, namespace }
      return { errors: [{ text: 'only src/ can import undici, and only by static imports' }] }
    })
    onLoad({ filter: /^/, namespace }, () => ({ contents: UNDICI, resolveDir: root }))
  },
}

/** Returns the licence texts in a package folder, without nested packages. */
function licenceTexts(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap(entry => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : licenceTexts(path)
    const isLicence = /(?:licen[cs]e|notice|copying|copyright)[^.]*(?:\.md|\.txt)?$/i.test(
      entry.name,
    )
    return isLicence ? [readFileSync(path, 'utf8').trim()] : []
  })
}

const manifestOf = (folder: string) =>
  JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'))

/** Returns the folder of the package that assets come from. Checks the version, since licences can change. */
function makerOf({ by, from }: (typeof ASSETS)[number]): string {
  const folder = `node_modules/${from}`
  const [wanted, { version }] = [manifestOf(by).devDependencies?.[from], manifestOf(folder)]
  if (wanted !== version)
    throw new Error(`${by} contains ${from} ${wanted}, but ${version} is installed`)
  return folder
}

/** Returns the licence texts that must ship with the bundled packages. */
function licences({ inputs }: Metafile): string {
  const bundled = Object.keys(inputs).flatMap(path => PACKAGE.exec(path)?.[0] ?? [])
  const folders = new Set([...bundled, ...ASSETS.map(makerOf)])
  const texts = [...folders].map(folder => {
    const manifest = manifestOf(folder)
    const words = licenceTexts(join(root, folder))
    if (words.length === 0 && !WITHOUT_TEXT.includes(manifest.name)) {
      throw new Error(`${folder} has no licence text`)
    }
    return [`${manifest.name} ${manifest.version} (${manifest.license})`, ...words].join('\n\n')
  })
  // Nested packages occur more than once.
  return `${[...new Set(texts)].sort().join(`\n\n${'-'.repeat(80)}\n\n`)}\n`
}

const { metafile, outputFiles } = await build({
  absWorkingDir: root,
  entryPoints: ['src/server.ts', 'src/healthcheck.ts'],
  outdir: out,
  write: false,
  bundle: true,
  // Dynamic imports, such as OpenTelemetry, stay in separate files.
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  banner: { js: TOP },
  plugins: [partOfUndici, folderNames],
  metafile: true,
  logLevel: 'warning',
})
rmSync(fresh, { recursive: true, force: true })
mkdirSync(fresh)
for (const { path, contents } of outputFiles) writeFileSync(join(fresh, basename(path)), contents)
for (const { by, folder } of ASSETS) {
  cpSync(join(root, by, folder), join(fresh, by, folder), { recursive: true })
}
writeFileSync(join(fresh, 'LICENCES.txt'), licences(metafile))
rmSync(out, { recursive: true, force: true })
renameSync(fresh, out)
