import { readFileSync } from 'node:fs'

const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8')

/** The version of this service, from its package.json. */
export const version: string = JSON.parse(manifest).version

/** The version of Node that runs it. */
export const nodeVersion: string = process.version
