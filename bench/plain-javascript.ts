import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

/**
 * The JavaScript of a file in this folder. A measured process must not use a TypeScript loader, which
 * would cost memory and time.
 */
export function plainJavaScript(name: string): string {
  const path = fileURLToPath(new URL(name, import.meta.url))
  const { outputText } = ts.transpileModule(readFileSync(path, 'utf8'), {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 },
  })
  return outputText
}

/** Arguments that make Node preload the probe. */
export const probeArguments = (): string[] => [
  '--import',
  `data:text/javascript,${encodeURIComponent(plainJavaScript('probe.ts'))}`,
]
