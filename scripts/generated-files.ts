import { configurationDocument } from './configuration-document.ts'
import { openapiDocument } from './openapi-document.ts'
import { problemsDocument } from './problems-document.ts'
import { prometheusRuleDocument } from './prometheus-rule-document.ts'

/** The texts of all generated files, by path. */
export async function generatedFiles(): Promise<Record<string, string>> {
  return {
    'openapi.yaml': await openapiDocument(),
    'docs/configuration.md': configurationDocument(),
    'docs/problems.md': problemsDocument(),
    'deploy/kubernetes/monitoring/prometheus-rule.yaml': prometheusRuleDocument(),
  }
}
