import { readFileSync, writeFileSync } from 'node:fs'
import { generatedFiles } from './generated-files.ts'

// `npm run generate` writes the generated files. With `-- --check` it only reports outdated files.
for (const [path, text] of Object.entries(await generatedFiles())) {
  if (!process.argv.includes('--check')) {
    writeFileSync(path, text)
  } else if (readFileSync(path, 'utf8') !== text) {
    console.error(`${path} differs from the code; run: npm run generate`)
    process.exitCode = 1
  }
}
