import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { generatedFiles } from './generated-files.ts'
import { versionedFiles } from './versioned-files.ts'

// `npm version` runs this after changing package.json, then commits what this adds to the index.
const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
const today = new Date().toISOString().slice(0, 10)
const files = {
  ...versionedFiles(version, today, path => readFileSync(path, 'utf8')),
  ...(await generatedFiles()),
}
for (const [path, text] of Object.entries(files)) writeFileSync(path, text)
execFileSync('git', ['add', ...Object.keys(files)])
