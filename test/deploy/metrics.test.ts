import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import t from 'tap'
import { buildApp } from '../../src/app.ts'
import { collectProcessMetrics } from '../../src/monitoring/process-metrics.ts'
import { configFor } from '../support/config.ts'
import { recordingLogger } from '../support/log-lines.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { startService } from '../support/service.ts'

/** Metrics by name -> type and labels, such as `counter outcome kind`. */
type Metrics = Map<string, string>

function documentedMetrics(): Metrics {
  const rows = readFileSync('docs/metrics.md', 'utf8').matchAll(
    /^\| `(\w+)` \| (\w+) \| ([^|]*)\|/gm,
  )
  return new Map(
    [...rows].map(([, name = '', type, cell = '']) => {
      const labels = [...cell.matchAll(/`(\w+)`/g)].map(([, label = '']) => label)
      return [name, [type, ...labels.sort()].join(' ')]
    }),
  )
}

function exposedMetrics(text: string): Metrics {
  return new Map(
    [...text.matchAll(/^# TYPE (\w+) (\w+)\n(.*)/gm)].map(([, name = '', type, sample = '']) => {
      const labels = [...sample.matchAll(/[{,](\w+)="/g)].map(([, label = '']) => label)
      return [name, [type, ...labels.filter(label => label !== 'le').sort()].join(' ')]
    }),
  )
}

t.test('docs/metrics.md lists all exposed metrics, with types and labels', async t => {
  const { sandbox } = await startService(t)
  // A short path, since the lock beside the file is a socket.
  const folder = mkdtempSync('/tmp/metrics-')
  t.teardown(() => rmSync(folder, { recursive: true }))
  const config = await configFor(sandbox, {
    SPOTIFY_DAILY_BUDGET: '9',
    LINKS_FILE: `${folder}/links`,
    ADMIN_KEYS: `admin:${'a'.repeat(32)}`,
  })
  const { logger } = recordingLogger()
  const parts = { clock: new ManualClock(), random: () => 0, logger }
  const app = await buildApp(config, { ...parts, processMetrics: collectProcessMetrics(() => 0) })
  t.teardown(() => app.close())
  await app.inject({ url: '/users/one/playlists' })
  const exposed = exposedMetrics((await app.inject({ url: '/metrics' })).body)
  const documented = documentedMetrics()
  t.ok(documented.size > 25)
  for (const [name, facts] of documented) t.equal(exposed.get(name), facts, name)
  const own = [...exposed.keys()].filter(name => name.startsWith('playlist_proxy_'))
  t.same(
    own.filter(name => !documented.has(name)),
    [],
  )
})
