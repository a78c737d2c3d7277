import { readFileSync } from 'node:fs'
import { parser } from '@prometheus-io/lezer-promql'
import t from 'tap'
import { parse } from 'yaml'

const read = (path: string) => readFileSync(path, 'utf8')

/** Labels Prometheus adds when scraping. */
const TARGET_LABELS = ['job', 'instance']

/** Returns the series in docs/metrics.md -> labels. */
function documentedSeries(): Map<string, string[]> {
  const rows = read('docs/metrics.md').matchAll(/^\| `(\w+)` \| (\w+) \| ([^|]*)\|/gm)
  const series = new Map<string, string[]>()
  for (const [, name = '', type, cell = ''] of rows) {
    const labels = [...cell.matchAll(/`(\w+)`/g)].map(([, label = '']) => label)
    if (type === 'histogram') {
      series.set(`${name}_bucket`, [...labels, 'le'])
      series.set(`${name}_sum`, labels)
      series.set(`${name}_count`, labels)
    } else {
      series.set(name, labels)
    }
  }
  return series
}

const documented = documentedSeries()

/** Finds faults in a PromQL expression: bad syntax, unknown series and unknown labels. */
function faults(query: string): string[] {
  // Grafana replaces these variables; the grammar accepts any duration.
  const expression = query.replace(/\$__rate_interval|\$__interval|\$__range/g, '5m')
  const text = ({ from, to }: { from: number; to: number }) => expression.slice(from, to)
  const found: string[] = []
  const named: string[] = []
  let labels: string[] = []
  parser.parse(expression).iterate({
    enter(node) {
      if (node.type.isError) found.push(`does not parse at ${node.from}: ${expression}`)
      if (node.name === 'VectorSelector') labels = []
      if (node.name === 'Identifier') {
        const name = text(node)
        named.push(name)
        labels = [...TARGET_LABELS, ...(documented.get(name) ?? [])]
        if (!documented.has(name)) found.push(`no series is called ${name}`)
      }
      if (node.name === 'LabelName' && node.node.parent?.name !== 'GroupingLabels') {
        if (!labels.includes(text(node))) found.push(`${named.at(-1)} has no label ${text(node)}`)
      }
    },
  })
  const all = [...TARGET_LABELS, ...named.flatMap(name => documented.get(name) ?? [])]
  const grouped = [...expression.matchAll(/\b(?:by|without|on|ignoring) \(([^)]*)\)/g)]
  for (const label of grouped.flatMap(([, list = '']) => list.split(/,\s*/))) {
    if (!all.includes(label)) found.push(`grouped by ${label}, which none of ${named} has`)
  }
  return named.length > 0 ? found : [...found, `asks for nothing: ${expression}`]
}

interface Panel {
  id: number
  type: string
  title: string
  gridPos: { x: number; y: number; w: number; h: number }
  targets?: { expr: string; legendFormat: string }[]
}
const dashboard = JSON.parse(read('deploy/grafana/dashboards/playlist-proxy.json')) as {
  panels: Panel[]
  annotations: { list: { expr: string }[] }
}
const queries = dashboard.panels.flatMap(({ title, targets = [] }) =>
  targets.map(target => ({ title, ...target })),
)
const { groups } = parse(read('deploy/prometheus/alerts.yml')) as {
  groups: { rules: { alert: string; expr: string }[] }[]
}

t.test('the query check finds bad syntax, unknown series and unknown labels', async t => {
  const up = 'playlist_proxy_build_info'
  t.same(faults(`max(${up}{version="1"}) > 0`), [])
  t.match(faults(`max(${up}`), [/does not parse/])
  t.match(faults('rate(playlist_proxy_hits_total[5m])'), [/no series is called/])
  t.match(faults(`${up}{user="smedjan"}`), [/build_info has no label user/])
  t.match(faults(`sum by (user) (${up})`), [/grouped by user/])
  t.match(faults('1 + 1'), [/asks for nothing/])
})

t.test('every panel queries existing series and labels', async t => {
  t.ok(queries.length > 20)
  for (const { title, expr } of queries) t.same(faults(expr), [], title)
  for (const { expr } of dashboard.annotations.list) t.same(faults(expr), [])
})

t.test('every legend uses labels kept by the query', async t => {
  for (const { title, expr, legendFormat } of queries) {
    for (const [, label = ''] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) {
      const [, kept] = /^(?:\w+\([\d.]+, )?\w+ by \(([^)]*)\)/.exec(expr) ?? []
      t.ok((kept?.split(', ') ?? TARGET_LABELS).includes(label), `${title}: ${label}`)
    }
  }
})

t.test('every alert queries existing series and labels', async t => {
  for (const { alert, expr } of groups.flatMap(group => group.rules)) {
    t.same(faults(expr), [], alert)
  }
})

t.test('panels do not overlap, and each has a unique id', async t => {
  const taken = new Set<string>()
  const doubly: string[] = []
  for (const { title, gridPos } of dashboard.panels) {
    t.ok(gridPos.x + gridPos.w <= 24, title)
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        if (taken.has(`${x},${y}`)) doubly.push(title)
        taken.add(`${x},${y}`)
      }
    }
  }
  t.same(doubly, [])
  t.equal(new Set(dashboard.panels.map(({ id }) => id)).size, dashboard.panels.length)
})

t.test('every documented service metric is on the dashboard', async t => {
  const asked = [...queries, ...dashboard.annotations.list].map(({ expr }) => expr).join(' ')
  for (const name of documented.keys()) {
    // A histogram appears as buckets.
    const bucket = name.replace(/_(?:sum|count)$/, '_bucket')
    t.ok(asked.includes(documented.has(bucket) ? bucket : name), name)
  }
})
