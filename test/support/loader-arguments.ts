import { resolve } from 'node:path'

/**
 * The arguments with which another Node process runs TypeScript like this one, in any folder, and
 * records coverage. Without the loader of mocks, which only tests need.
 */
export const loaderArguments: readonly string[] = process.execArgv
  .filter(argument => !/@tapjs.(?:mock|typescript)/.test(argument))
  .map(argument => argument.replace(/(?<=^--import=)\..*/, path => resolve(path)))
