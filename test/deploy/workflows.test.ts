import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import t from 'tap'
import { parse } from 'yaml'

interface Step {
  uses?: string
  run?: string
  with?: Record<string, unknown>
}
interface Workflow {
  permissions: Record<string, string>
  jobs: Record<string, { permissions?: Record<string, string>; uses?: string; steps?: Step[] }>
}

const FOLDER = '.github/workflows'
const read = (path: string) => readFileSync(path, 'utf8')
const files = readdirSync(FOLDER)
const workflows = files.map(name => ({ name, text: read(join(FOLDER, name)) }))
const load = (name: string) => parse(read(join(FOLDER, name))) as Workflow
const { jobs } = load('release.yml')
const steps = jobs.image?.steps ?? []
const stepsWith = (action: string) => steps.filter(({ uses }) => uses?.startsWith(`${action}@`))

type Parser = typeof import('@actions/workflow-parser')

/** Loads GitHub's parser. Node cannot load it as is, because it imports JSON without an import attribute. */
async function loadParser(folder: string): Promise<Parser> {
  const outfile = join(folder, 'parser.cjs')
  const stdin = { contents: `export * from '@actions/workflow-parser'`, resolveDir: '.' }
  await build({ stdin, outfile, bundle: true, platform: 'node', format: 'cjs', logLevel: 'error' })
  return import(pathToFileURL(outfile).href)
}

t.test('GitHub accepts the workflows', async t => {
  const { parseWorkflow, NoOperationTraceWriter } = await loadParser(t.testdir())
  const faults = (name: string, content: string) =>
    parseWorkflow({ name, content }, new NoOperationTraceWriter())
      .context.errors.getErrors()
      .map(({ message }) => message)
  for (const { name, text } of workflows) {
    t.same(faults(name, text), [], name)
    t.match(
      faults(name, text.replace('runs-on:', 'run-on:')),
      [/run-on/],
      'the parser finds a misspelt key',
    )
    t.not(
      faults(name, text.replaceAll('github.ref', 'githup.ref')).length,
      0,
      'the parser finds a misspelt variable',
    )
  }
})

t.test('actions are pinned to a commit, and a comment names the release', async t => {
  for (const { name, text } of workflows) {
    const uses = [...text.matchAll(/\buses: (.*)$/gm)].map(([, action = '']) => action)
    t.ok(uses.length > 0, name)
    for (const action of uses.filter(action => !action.startsWith('./'))) {
      t.match(action, /^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/, name)
    }
  }
})

t.test('workflows can only read, except for the job that publishes the image', async t => {
  for (const { name } of workflows) {
    const { permissions, jobs } = load(name)
    t.same(permissions, { contents: 'read' }, name)
    for (const [job, { permissions: own }] of Object.entries(jobs)) {
      if (job !== 'image') t.equal(own, undefined, `${name} ${job}`)
    }
  }
  t.equal(jobs.image?.permissions?.contents, 'read')
})

t.test('CI runs .ci/run, and a release waits for CI', async t => {
  t.ok(load('ci.yml').jobs.ci?.steps?.some(({ run }) => run === '.ci/run'))
  t.ok(statSync('.ci/run').mode & 0o100, '.ci/run is executable')
  t.equal(jobs.ci?.uses, `./${FOLDER}/ci.yml`)
  t.match(jobs.image, { needs: 'ci' })
})

t.test(
  'a release publishes an image for two platforms, with provenance and two bills of materials',
  async t => {
    const [push, runtime] = stepsWith('docker/build-push-action')
    t.match(push?.with, {
      platforms: 'linux/amd64,linux/arm64',
      push: true,
      provenance: 'mode=max',
      sbom: true,
    })
    const dockerfile = read('Dockerfile')
    for (const [, name] of String(push?.with?.['build-args']).matchAll(/^(\w+)=/gm)) {
      t.match(dockerfile, `\nARG ${name}=`)
    }
    t.match(dockerfile, ` AS ${runtime?.with?.target}\n`)
    const [attest] = stepsWith('actions/attest')
    t.match(attest?.with, { 'push-to-registry': true })
    const bill = String(attest?.with?.['sbom-path']).replace(/^.*\}\}/, '$RUNNER_TEMP')
    t.ok(steps.some(({ run }) => run?.startsWith('npm run --silent sbom') && run.includes(bill)))
  },
)

t.test("CONTRIBUTING.md documents the release workflow's build options", async t => {
  const text = read('CONTRIBUTING.md')
  const [push] = stepsWith('docker/build-push-action')
  t.match(text, `--platform ${push?.with?.platforms}`)
  t.match(text, `--provenance ${push?.with?.provenance} --sbom ${push?.with?.sbom}`)
})
