import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import t from 'tap'
import ts from 'typescript'
import { parse } from 'yaml'

const FOLDER = 'deploy/kubernetes'
const files = readdirSync(FOLDER).filter(name => name.endsWith('.yaml'))
const load = (file: string) => parse(readFileSync(`${FOLDER}/${file}`, 'utf8'))
const deployment = load('deployment.yaml')

/**
 * What Kubernetes would not take: unknown and missing members, wrong types, as the compiler sees
 * the manifest as a literal of its type. The types are made from the schema of Kubernetes.
 */
function typeFaults(manifest: { apiVersion: string; kind: string }): string[] {
  const { apiVersion, kind } = manifest
  const module = JSON.stringify(`kubernetes-models/${apiVersion}/${kind}`)
  const text = `import type { I${kind} } from ${module}\nexport const x: I${kind} = ${JSON.stringify(manifest)}`
  const path = resolve('manifest.mts')
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
    lib: ['lib.es2023.d.ts'],
    module: ts.ModuleKind.Preserve,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
  }
  const host = ts.createCompilerHost(options)
  const { readFile, fileExists } = host
  host.readFile = name => (name === path ? text : readFile(name))
  host.fileExists = name => name === path || fileExists(name)
  const program = ts.createProgram([path], options, {
    ...host,
    getSourceFile: (name, version) =>
      name === path ? ts.createSourceFile(name, text, version) : host.getSourceFile(name, version),
  })
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
}

t.test('Kubernetes knows every member of the manifests', async t => {
  t.ok(files.length >= 3)
  for (const file of files) t.same(typeFaults(load(file)), [], file)
})

t.test('the check finds typing errors, what is missing and what is of the wrong type', async t => {
  const changed = (change: (copy: typeof deployment) => void) => {
    const copy = structuredClone(deployment)
    change(copy)
    return typeFaults(copy)
  }
  t.match(
    changed(({ spec }) => Object.assign(spec.template.spec, { hostname: 1 })),
    [/number/],
  )
  t.match(
    changed(({ spec }) => delete spec.selector),
    [/selector/],
  )
  t.match(
    changed(({ spec }) => Object.assign(spec.template.spec.containers[0], { readynessProbe: {} })),
    [/readynessProbe/],
  )
})
