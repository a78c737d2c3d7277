import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import { build, type Metafile, type Plugin } from 'esbuild'

// `npm run build`: the service and the packages that it needs as a few files in dist/, since finding
// and reading a thousand small ones takes longer than all else of the start. Types are checked by
// `npm test`.

const OUT = 'dist'
/** What packages read from beside their code: copied to the same place below dist/. */
const ASSETS = ['node_modules/@fastify/swagger-ui/static']

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
      if (!(name in ASKS_WHERE_IT_IS)) return { errors: [{ text: `${name} asks where it is` }] }
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
    const isLicence = /^(?:licen[cs]e|notice|copying)(?:[.-]|$)/i.test(entry.name)
    return isLicence ? [readFileSync(path, 'utf8').trim()] : []
  })
}

/** The licence of every package that went into the files, which has to go where they go. */
function licences({ inputs }: Metafile): string {
  const folders = new Set(Object.keys(inputs).flatMap(path => PACKAGE.exec(path)?.[0] ?? []))
  const texts = [...folders].map(folder => {
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    const words = licenceTexts(folder)
    if (words.length === 0 && !WITHOUT_TEXT.includes(manifest.name)) {
      throw new Error(`${folder} has no text of its licence`)
    }
    return [`${manifest.name} ${manifest.version} (${manifest.license})`, ...words].join('\n\n')
  })
  // Some are there twice, below others that need them.
  return `${[...new Set(texts)].sort().join(`\n\n${'-'.repeat(80)}\n\n`)}\n`
}

process.chdir(join(import.meta.dirname, '..'))
const { metafile, outputFiles } = await build({
  entryPoints: ['src/server.ts', 'src/healthcheck.ts'],
  outdir: OUT,
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
const licencesText = licences(metafile)
rmSync(OUT, { recursive: true, force: true })
for (const { path, contents } of outputFiles) {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, contents)
}
for (const folder of ASSETS) cpSync(folder, join(OUT, folder), { recursive: true })
writeFileSync(join(OUT, 'LICENCES.txt'), licencesText)
