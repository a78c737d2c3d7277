import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import t from 'tap'
import { withoutProgram } from '../support/programs.ts'

interface Panel {
  type: string
  title: string
  fieldConfig: { defaults: { noValue?: string; unit?: string; mappings?: unknown[] } }
  targets?: { expr: string }[]
}
const run = promisify(execFile)
const { panels } = JSON.parse(
  readFileSync('deploy/grafana/dashboards/playlist-proxy.json', 'utf8'),
) as { panels: Panel[] }
const skip = withoutProgram('promtool', 'prometheus')

const series = (name: string, labels = '') => `${name}{instance="i",job="j"${labels}}`
const lookups = (result: string) =>
  series('playlist_proxy_cache_lookups_total', `,result="${result}"`)
const bucket = (le: string) =>
  series('playlist_proxy_http_request_duration_seconds_bucket', `,cache="hit",le="${le}"`)
const count = series('playlist_proxy_http_request_duration_seconds_count', ',cache="hit"')
const expires = series('playlist_proxy_token_expires_timestamp_seconds')

/** A panel, an instance's series (promtool notation), and what the panel shows after ten minutes. */
const cases: { panel: string; when: string; input: Record<string, string>; shows: number[] }[] = [
  { panel: 'Token left', when: 'without a token', input: { [expires]: '0x20' }, shows: [0] },
  { panel: 'Token left', when: 'with one', input: { [expires]: '3600x20' }, shows: [3000] },
  {
    panel: 'Served from the cache',
    when: 'while idle',
    input: { [lookups('hit')]: '5x20', [lookups('failed')]: '0x20' },
    shows: [],
  },
  {
    panel: 'Served from the cache',
    when: 'while busy',
    input: { [lookups('hit')]: '0+60x20', [lookups('failed')]: '0+60x20' },
    shows: [0.5],
  },
  {
    panel: 'Failed lookups',
    when: 'while idle',
    input: { [lookups('hit')]: '5x20', [lookups('failed')]: '0x20' },
    shows: [],
  },
  {
    panel: 'Failed lookups',
    when: 'in an outage',
    input: { [lookups('hit')]: '0x20', [lookups('failed')]: '0+60x20' },
    shows: [1],
  },
  {
    panel: 'Response time, p99',
    when: 'while idle',
    input: { [bucket('0.1')]: '9x20', [bucket('+Inf')]: '9x20', [count]: '9x20' },
    shows: [],
  },
  {
    panel: 'Response time, p99',
    when: 'while busy',
    input: { [bucket('0.1')]: '0+60x20', [bucket('+Inf')]: '0+60x20', [count]: '0+60x20' },
    shows: [0.099],
  },
]

/** Returns a panel's query, with values for Grafana's variables. */
const queryOf = (title: string): string => {
  const panel = panels.find(panel => panel.title === title)
  const [{ expr } = { expr: '' }] = panel?.targets ?? []
  return expr.replaceAll('$__rate_interval', '5m').replaceAll('$instance', '.*')
}

t.test(
  'panels never show impossible values while idle, busy or without a token',
  { skip },
  async t => {
    const tests = cases.map(({ panel, when, input, shows }) => ({
      name: `${panel} ${when}`,
      interval: '1m',
      input_series: Object.entries(input).map(([name, values]) => ({ series: name, values })),
      promql_expr_test: [
        {
          // Rounds, and drops the labels.
          expr: `sum without (cache) (round(${queryOf(panel)}, 0.001))`,
          eval_time: '10m',
          exp_samples: shows.map(value => ({ labels: '{}', value })),
        },
      ],
    }))
    const folder = t.testdir({ 'panels.json': JSON.stringify({ tests }) })
    await t.resolves(run('promtool', ['test', 'rules', `${folder}/panels.json`]))
  },
)

t.test('every quotient and quantile is empty where it would be NaN', async t => {
  for (const { title, targets = [] } of panels) {
    for (const { expr } of targets) {
      const isFraction = expr.includes('histogram_quantile') || /rate\(.* \/ /.test(expr)
      if (isFraction) t.match(expr, / > 0\)$/, title)
    }
  }
})

t.test('every number panel explains a missing value', async t => {
  const numbers = panels.filter(({ type }) => type === 'stat')
  t.equal(numbers.length, 6)
  for (const { title, fieldConfig } of numbers) t.match(fieldConfig.defaults.noValue, /^no /, title)
})

t.test('every curve has a unit', async t => {
  for (const { type, title, fieldConfig } of panels) {
    if (type === 'timeseries') t.type(fieldConfig.defaults.unit, 'string', title)
  }
})
