import { readFileSync } from 'node:fs'
import { parse, stringify } from 'yaml'

/** The alert rules as a resource of the Prometheus operator, as YAML. */
export function prometheusRuleDocument(): string {
  const { groups } = parse(readFileSync('deploy/prometheus/alerts.yml', 'utf8'))
  const rule = {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: 'playlist-proxy', labels: { 'app.kubernetes.io/name': 'playlist-proxy' } },
    spec: { groups },
  }
  return `# Generated from deploy/prometheus/alerts.yml by \`npm run generate\`.\n${stringify(rule)}`
}
