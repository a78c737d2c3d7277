import { resolve } from 'node:path'

/**
 * The arguments with which another Node process runs TypeScript like this process, in any folder, and records
 * coverage. The loader of mocks is left out, because only tests need it.
 */
export const loaderArguments: readonly string[] = process.execArgv
  .filter(argument => !/@tapjs.(?:mock|typescript)/.test(argument))
  .map(argument => argument.replace(/(?<=^--import=)\..*/, path => resolve(path)))
