import { readFileSync, writeFileSync } from 'node:fs'
import { openapiDocument } from './openapi-document.ts'

// `npm run openapi` writes openapi.yaml; with `-- --check` it only says whether that is up to date.
const path = new URL('../openapi.yaml', import.meta.url)
const document = await openapiDocument()
if (!process.argv.includes('--check')) {
  writeFileSync(path, document)
} else if (readFileSync(path, 'utf8') !== document) {
  console.error('openapi.yaml differs from the service; run: npm run openapi')
  process.exit(1)
}
