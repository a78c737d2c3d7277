// Runs TypeScript on Node 20, like later versions. Replaces types with spaces, so stack traces and coverage
// need no source maps.
import { register } from 'node:module'

if (!process.features.typescript) register('./hooks.mjs', import.meta.url)
