import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { parse } from 'yaml'
import { anchors } from '../support/anchors.ts'
import { withoutProgram } from '../support/programs.ts'
import { alertCases, type Series } from './alert-cases.ts'

interface Rule {
  alert: string
  expr: string
  labels: { severity: string }
  annotations: { summary: string; description: string; runbook_url: string }
}

const RULES = 'deploy/prometheus/alerts.yml'
const RUNBOOKS = 'https://docs.example/operating.md'
const { groups } = parse(readFileSync(RULES, 'utf8')) as { groups: { rules: Rule[] }[] }
const rules = groups.flatMap(group => group.rules)
const run = promisify(execFile)
const skip = withoutProgram('promtool', 'prometheus')

t.test('every alert has a severity, and a separate section in docs/operating.md', async t => {
  t.ok(rules.length > 10)
  for (const { alert, labels, annotations } of rules) {
    t.match(labels.severity, /^(?:critical|warning)$/, alert)
    t.match(annotations.description, /^[A-Z].*\.$/, alert)
    const [place = '', anchor = ''] = annotations.runbook_url.split('#')
    t.equal(place, '{{ $externalLabels.runbooks }}')
    t.equal(anchor, alert.toLowerCase())
    t.ok(anchors('docs/operating.md').includes(anchor), `docs/operating.md has #${anchor}`)
  }
})

t.test('a single external label holds the runbook address', async t => {
  const { global } = parse(readFileSync('deploy/prometheus/prometheus.yml', 'utf8'))
  t.match(global.external_labels, { runbooks: /^https:\/\/.*\/operating\.md$/ })
  t.match(readFileSync('docs/operating.md', 'utf8'), 'external label `runbooks`')
})

t.test('docs/operating.md mentions only existing alerts', async t => {
  const named = readFileSync('docs/operating.md', 'utf8').matchAll(/\bPlaylistProxy\w+/g)
  t.same(
    [...named].map(([name]) => name).filter(name => !rules.some(({ alert }) => alert === name)),
    [],
  )
})

t.test('every alert has a test case', async t => {
  t.same(rules.map(({ alert }) => alert).sort(), Object.keys(alertCases).sort())
})

t.test('Prometheus accepts its configuration', { skip }, async t => {
  await t.resolves(run('promtool', ['check', 'config', 'deploy/prometheus/prometheus.yml']))
})

t.test(
  'each alert fires for the test case, and stays quiet for a similar case',
  { skip },
  async t => {
    const inputs = (series: Series) =>
      Object.entries(series).map(([name, values]) => ({ series: name, values }))
    const tests = Object.entries(alertCases).flatMap(([alert, alertCase]) => {
      const { atMinutes, fires, quiet, summary, labels } = alertCase
      const rule = rules.find(({ alert: name }) => name === alert)
      const asked = { alertname: alert, eval_time: `${atMinutes}m` }
      const firing = {
        exp_labels: { ...rule?.labels, ...labels },
        exp_annotations: {
          ...rule?.annotations,
          summary,
          runbook_url: `${RUNBOOKS}#${alert.toLowerCase()}`,
        },
      }
      return [
        {
          name: `${alert} fires`,
          interval: '1m',
          external_labels: { runbooks: RUNBOOKS },
          input_series: inputs(fires),
          alert_rule_test: [{ ...asked, exp_alerts: [firing] }],
        },
        {
          name: `${alert} is quiet`,
          interval: '1m',
          external_labels: { runbooks: RUNBOOKS },
          input_series: inputs(quiet),
          alert_rule_test: [{ ...asked, exp_alerts: [] }],
        },
      ]
    })
    // JSON is also YAML.
    const file = { rule_files: [resolve(RULES)], evaluation_interval: '1m', tests }
    const folder = t.testdir({ 'alerts.json': JSON.stringify(file) })
    await t.resolves(run('promtool', ['test', 'rules', `${folder}/alerts.json`]))
  },
)
