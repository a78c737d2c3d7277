import { resolve } from 'node:path'
import ts from 'typescript'

export interface Manifest {
  apiVersion: string
  kind: string
  metadata: { name: string; labels?: Record<string, string> }
}

/** Returns the package with an API group's types, generated from the Kubernetes and operator schemas. */
const packageOf = (apiVersion: string) =>
  apiVersion.startsWith('monitoring.coreos.com/')
    ? '@kubernetes-models/prometheus-operator'
    : 'kubernetes-models'

/**
 * Finds faults that make Kubernetes refuse a manifest: unknown members, missing members and wrong types. The
 * compiler reports them, because each manifest becomes a typed literal.
 */
export function typeFaults(...manifests: Manifest[]): string[] {
  const lines = manifests.map((manifest, index) => {
    const { apiVersion, kind } = manifest
    const module = JSON.stringify(`${packageOf(apiVersion)}/${apiVersion}/${kind}`)
    const literal = JSON.stringify(manifest)
    return `export const x${index}: import(${module}).I${kind} = ${literal}`
  })
  const text = lines.join('\n')
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
