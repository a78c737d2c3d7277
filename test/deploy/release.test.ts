import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import t from 'tap'
import { versionedFiles } from '../../scripts/versioned-files.ts'

const read = (path: string) => readFileSync(path, 'utf8')
const manifest = JSON.parse(read('package.json'))

t.test('a release writes the new version wherever the current version occurs', async t => {
  const changed = versionedFiles('9.8.7', '2030-01-02', path =>
    path === 'CHANGELOG.md' ? '# Changelog\n\n## Unreleased\n\n- New.\n' : read(path),
  )
  t.equal(changed['CHANGELOG.md'], '# Changelog\n\n## 9.8.7 (2030-01-02)\n\n- New.\n')
  for (const [path, text] of Object.entries(changed)) {
    if (path !== 'CHANGELOG.md') {
      t.equal(text, read(path).replace(manifest.version, '9.8.7'), `${path} has the version once`)
    }
  }
  const tracked = execFileSync('git', ['ls-files'], { encoding: 'utf8' }).trim().split('\n')
  const number = new RegExp(`(?:VERSION=|version: |playlist-proxy:)${manifest.version}\\b`)
  const copies = tracked.filter(path => existsSync(path) && number.test(read(path)))
  // npm changes the first two, and `npm run generate` makes the third.
  const others = ['package.json', 'package-lock.json', 'openapi.yaml', ...Object.keys(changed)]
  t.same(
    copies.filter(path => !others.includes(path)),
    [],
  )
  t.ok(copies.includes('Dockerfile'))
})

t.test('a release without changes to announce is an error', async t => {
  const released = (path: string) =>
    path === 'CHANGELOG.md' ? `# Changelog\n\n## ${manifest.version} (2030-01-01)\n` : read(path)
  t.throws(() => versionedFiles('9.8.7', '2030-01-02', released), { message: /^CHANGELOG\.md has/ })
})

t.test(
  'the first section of the changelog is for unreleased changes, or for this version',
  async t => {
    const [first = ''] = /^## .*$/m.exec(read('CHANGELOG.md')) ?? []
    const version = manifest.version.replaceAll('.', '\\.')
    t.match(first, new RegExp(`^## (?:Unreleased|${version} \\(\\d{4}-\\d\\d-\\d\\d\\))$`))
  },
)
