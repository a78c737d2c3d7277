import { resolve } from 'node:path'

/**
 * Arguments for another Node process to run TypeScript like this process, in any folder, with coverage.
 * They leave out the mock loader, which only tests need.
 */
export const loaderArguments: readonly string[] = process.execArgv
  .filter(argument => !/@tapjs.(?:mock|typescript)/.test(argument))
  .map(argument => argument.replace(/(?<=^--import=)\..*/, path => resolve(path)))
