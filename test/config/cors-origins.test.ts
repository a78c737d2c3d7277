import t from 'tap'
import { parseCorsOrigins } from '../../src/config/cors-origins.ts'

t.test('parseCorsOrigins returns origins as browsers send them', async t => {
  for (const [value, origins] of [
    ['*', '*'],
    [' * ', '*'],
    ['https://app.example', ['https://app.example']],
    [
      'HTTPS://App.Example:443/, http://localhost:5173',
      ['https://app.example', 'http://localhost:5173'],
    ],
    ['https://bücher.example', ['https://xn--bcher-kva.example']],
    ['http://[::1]:80', ['http://[::1]']],
    ['capacitor://localhost', ['capacitor://localhost']],
    ['Chrome-Extension://ABCdef', ['chrome-extension://abcdef']],
  ] as const) {
    t.same(parseCorsOrigins(value), origins, value)
  }
})

t.test('parseCorsOrigins refuses values other than origins', async t => {
  for (const value of [
    '',
    ',',
    'null',
    'app.example',
    'https://app.example/path',
    'https://app.example?x',
    'https://user@app.example',
    'https://*.app.example',
    'https://app.example, *',
    'https://app.example https://b.example',
    'https://app.example:99999',
  ]) {
    t.equal(parseCorsOrigins(value), undefined, value)
  }
})
