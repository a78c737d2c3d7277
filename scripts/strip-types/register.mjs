// Runs TypeScript on Node 20, as later versions do. It replaces types with spaces, so stack traces and
// coverage need no source maps.
import { register } from 'node:module'

if (!process.features.typescript) register('./hooks.mjs', import.meta.url)
