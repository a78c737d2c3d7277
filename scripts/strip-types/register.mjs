// Lets the tests run TypeScript on Node 20, as later versions do by themselves: types become blanks,
// so that positions, and with them stack traces and coverage, stay right without source maps.
import { register } from 'node:module'

if (!process.features.typescript) register('./hooks.mjs', import.meta.url)
