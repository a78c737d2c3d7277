import { readFileSync } from 'node:fs'
import { parse, stringify } from 'yaml'
import { configurationDocument } from './configuration-document.ts'
import { openapiDocument } from './openapi-document.ts'
import { problemsDocument } from './problems-document.ts'

/** Returns the text for all generated files, by path. */
export async function generatedFiles(): Promise<Record<string, string>> {
  return {
    'openapi.yaml': await openapiDocument(),
    'docs/configuration.md': configurationDocument(),
    'docs/problems.md': problemsDocument(),
    'deploy/kubernetes/monitoring/prometheus-rule.yaml': prometheusRuleDocument(),
  }
}

/** Returns the alert rules as a Prometheus operator resource, in YAML. */
function prometheusRuleDocument(): string {
  const { groups } = parse(readFileSync('deploy/prometheus/alerts.yml', 'utf8'))
  const rule = {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: 'playlist-proxy', labels: { 'app.kubernetes.io/name': 'playlist-proxy' } },
    spec: { groups },
  }
  return `# Generated from deploy/prometheus/alerts.yml by \`npm run generate\`.\n${stringify(rule)}`
}
