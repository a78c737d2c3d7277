import { readFileSync } from 'node:fs'
import t from 'tap'
import { generatedFiles } from '../scripts/generated-files.ts'

t.test('the generated files match the code', async t => {
  for (const [path, text] of Object.entries(await generatedFiles())) {
    t.equal(readFileSync(path, 'utf8'), text, `${path}, else: npm run generate`)
  }
})
