import t from 'tap'
import { otelVariables } from '../../src/config/load.ts'

t.test('the environment overrides OTEL_ variables in .env', async t => {
  const dir = t.testdir({
    '.env': 'OTEL_TRACES_EXPORTER=otlp\nOTEL_SERVICE_NAME=file\nOTEL_SDK_DISABLED=true\nPORT=1\n',
  })
  const environment = { OTEL_SERVICE_NAME: 'mine', OTEL_SDK_DISABLED: '', HOST: 'x' }
  t.strictSame(otelVariables(environment, `${dir}/.env`), {
    OTEL_TRACES_EXPORTER: 'otlp',
    OTEL_SERVICE_NAME: 'mine',
    OTEL_SDK_DISABLED: '',
  })
  t.strictSame(otelVariables({ PORT: '1' }, '/nonexistent/.env'), {})
})
