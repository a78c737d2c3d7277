import { resolve } from 'node:path'

/**
 * What another Node process needs to run TypeScript as this one does, in any folder, and to have its
 * coverage counted. Mocks are for tests alone.
 */
export const loaderArguments: readonly string[] = process.execArgv
  .filter(argument => !/@tapjs.(?:mock|typescript)/.test(argument))
  .map(argument => argument.replace(/(?<=^--import=)\..*/, path => resolve(path)))
