import t from 'tap'
import { accessDenied } from '../../../src/spotify/gate/diagnosis.ts'

const json = (message: string, status = 403) => JSON.stringify({ error: { status, message } })

const PREMIUM = 'Active premium subscription required for the owner of the app.'
const UNREGISTERED =
  'Check settings on developer.spotify.com/dashboard, the user may not be registered.'

const cases: [title: string, diagnosis: RegExp, bodies: string[]][] = [
  [
    'a denial without Premium names whose subscription to renew',
    /^premium-required: The owner of the Spotify app .* Renew/,
    [PREMIUM, PREMIUM.toUpperCase(), json(PREMIUM)],
  ],
  [
    'a denial that wants a signed-in user says that the service has only an app token',
    /^user-authentication-required: .* app token\. .* extended quota/,
    [
      UNREGISTERED,
      json('Insufficient client scope'),
      json('Valid user authentication required', 401),
      json('valid user authentication required', 401),
    ],
  ],
  [
    'a bare Forbidden blames Development Mode',
    /^endpoint-forbidden: .* Development Mode, .* extended quota/,
    [json('Forbidden'), '{ "error" : { "message" : "forbidden" } }'],
  ],
  [
    'any other denial refers the operator to the dashboard',
    /^access-denied: .* dashboard/,
    ['', 'Forbidden', '<h1>403 Forbidden</h1>', json('Bad OAuth request'), json('', 401), 'null'],
  ],
]

for (const [title, diagnosis, bodies] of cases) {
  t.test(title, async t => {
    for (const body of bodies) {
      const problem = accessDenied(403, body)
      t.equal(problem.type, 'spotify-access-denied', body)
      t.match(problem.message, diagnosis)
      t.equal(problem.transient, false, 'a retry does not help')
    }
  })
}

t.test('the most specific text in a denial decides the diagnosis', async t => {
  t.match(accessDenied(401, `${json('Forbidden')} ${PREMIUM}`).message, /^premium-required/)
  t.match(accessDenied(401, `${json('Forbidden')} ${UNREGISTERED}`).message, /^user-authentication/)
})

t.test('the problem for a denial never echoes the body', async t => {
  for (const known of ['', PREMIUM, UNREGISTERED, '"Forbidden"']) {
    t.notMatch(accessDenied(401, `${known} canary`).message, /canary/)
  }
})
