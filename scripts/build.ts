import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { build, type Metafile, type Plugin } from 'esbuild'

// `npm run build`: the service and the packages that it needs as a few files in dist/, since finding
// and reading a thousand small ones takes longer than all else of the start. Names are kept, for
// stack traces.

const OUT = 'dist'
/** What packages read from beside their code: copied to the same place below dist/. */
const ASSETS = ['node_modules/@fastify/swagger-ui/static']

/** What packages in CommonJS want and modules do not have, at the top of each file. */
const TOP = `import { createRequire as createRequireOf } from 'node:module'
const require = createRequireOf(import.meta.url)
const folderOfBundle = import.meta.dirname`

/** In a package, the folder of a file is the one below dist/ that has its name and holds its assets. */
const folderNames: Plugin = {
  name: 'folder names',
  setup({ onLoad }) {
    onLoad({ filter: /node_modules.*\.c?js$/ }, ({ path }) => {
      const contents = readFileSync(path, 'utf8')
      if (!contents.includes('__dirname')) return undefined
      const below = path.slice(process.cwd().length + 1).split(sep)
      const folder = JSON.stringify(below.slice(0, -1).join('/'))
      const line = `var __dirname = require('node:path').join(folderOfBundle, ${folder});`
      // On the line of the first statement, so that the numbers of the others stay.
      return { contents: line + contents, loader: 'js' }
    })
  },
}

/** The licence of every package that went into the files, which has to go where they go. */
function licences({ inputs }: Metafile): string {
  const packages = Object.keys(inputs).flatMap(
    path => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? [],
  )
  const texts = [...new Set(packages)].map(folder => {
    const { name, version, license } = JSON.parse(
      readFileSync(join(folder, 'package.json'), 'utf8'),
    )
    const words = readdirSync(folder, { withFileTypes: true })
      .filter(file => file.isFile() && /^(?:licen[cs]e|notice)/i.test(file.name))
      .map(file => readFileSync(join(folder, file.name), 'utf8').trim())
    return [`${name} ${version} (${license})`, ...words].join('\n\n')
  })
  // Some are there twice, below others that need them.
  return `${[...new Set(texts)].sort().join(`\n\n${'-'.repeat(80)}\n\n`)}\n`
}

rmSync(OUT, { recursive: true, force: true })
const { metafile } = await build({
  entryPoints: ['src/server.ts', 'src/healthcheck.ts'],
  outdir: OUT,
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
for (const folder of ASSETS) cpSync(folder, join(OUT, folder), { recursive: true })
writeFileSync(join(OUT, 'LICENCES.txt'), licences(metafile))
