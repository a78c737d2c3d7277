import { loadConfig } from '../src/config/load.ts'

// The first half of `npm start` checks the configuration before the build, which takes seconds.
try {
  await loadConfig(process.env, '.env')
} catch (error) {
  console.error((error as Error).message)
  process.exit(1)
}
await import('./build.ts')
