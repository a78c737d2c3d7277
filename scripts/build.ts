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

// `npm run build`: the service and the packages that it needs as a few files in dist/, since finding
// and reading a thousand small ones takes longer than all else of the start. Types are checked by
// `npm test`.

const root = join(import.meta.dirname, '..')
const out = join(root, 'dist')
/** Becomes `out` when it is whole. */
const fresh = join(root, 'dist.new')

/**
 * What packages read from beside their code: copied to the same place below dist/. It was made by
 * another package, of the version that `by` has as a development dependency.
 */
const ASSETS = [
  { by: 'node_modules/@fastify/swagger-ui', folder: 'static', from: 'swagger-ui-dist' },
]

/** Packages that ask where their files are, and why that does no harm. Others stop the build. */
const ASKS_WHERE_IT_IS: Record<string, string> = {
  '@fastify/swagger-ui': 'its files are copied',
  '@fastify/swagger': 'wants its name and version for documents that are made from routes',
  iovalkey: 'leaves its own lines out of stack traces',
  pino: 'finds the worker of a transport, of which there is none',
  'thread-stream': 'the same',
  undici: 'looks first whether it can know',
}

/** Packages that come without the text of their licence. */
const WITHOUT_TEXT = ['abstract-logging']

/** What packages in CommonJS want and modules do not have, at the top of each file. */
const TOP = `import { createRequire as createRequireOf } from 'node:module'
const require = createRequireOf(import.meta.url)
const folderOfBundle = import.meta.dirname`

const PACKAGE = /^(?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)/

/** In a package, the folder of a file is the one below dist/ that has its name and holds its assets. */
const folderNames: Plugin = {
  name: 'folder names',
  setup({ onLoad }) {
    onLoad({ filter: /node_modules.*\.c?js$/ }, ({ path }) => {
      const contents = readFileSync(path, 'utf8')
      if (!/\b__(?:dir|file)name\b/.test(contents)) return undefined
      const [, name = ''] = PACKAGE.exec(path.replaceAll(sep, '/')) ?? []
      if (!Object.hasOwn(ASKS_WHERE_IT_IS, name))
        return { errors: [{ text: `${name} asks where it is` }] }
      const below = path.slice(path.lastIndexOf('node_modules')).split(sep)
      const folder = JSON.stringify(below.slice(0, -1).join('/'))
      const line = `var __dirname = require('node:path').join(folderOfBundle, ${folder});`
      return { contents: line + contents, loader: 'js' }
    })
  },
}

/** The licences in a folder of a package, but for those of packages below it. */
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

/** The package that an asset was made by; its licences are those of another version otherwise. */
function makerOf({ by, from }: (typeof ASSETS)[number]): string {
  const folder = `node_modules/${from}`
  const [wanted, { version }] = [manifestOf(by).devDependencies?.[from], manifestOf(folder)]
  if (wanted !== version) throw new Error(`${by} holds ${from} ${wanted}, and here is ${version}`)
  return folder
}

/** The licence of every package that went into the files, which has to go where they go. */
function licences({ inputs }: Metafile): string {
  const bundled = Object.keys(inputs).flatMap(path => PACKAGE.exec(path)?.[0] ?? [])
  const folders = new Set([...bundled, ...ASSETS.map(makerOf)])
  const texts = [...folders].map(folder => {
    const manifest = manifestOf(folder)
    const words = licenceTexts(join(root, folder))
    if (words.length === 0 && !WITHOUT_TEXT.includes(manifest.name)) {
      throw new Error(`${folder} has no text of its licence`)
    }
    return [`${manifest.name} ${manifest.version} (${manifest.license})`, ...words].join('\n\n')
  })
  // Some are there twice, below others that need them.
  return `${[...new Set(texts)].sort().join(`\n\n${'-'.repeat(80)}\n\n`)}\n`
}

const { metafile, outputFiles } = await build({
  absWorkingDir: root,
  entryPoints: ['src/server.ts', 'src/healthcheck.ts'],
  outdir: out,
  write: false,
  bundle: true,
  // What is imported when it is needed, such as OpenTelemetry, stays in files of its own.
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  banner: { js: TOP },
  plugins: [folderNames],
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
