import t from 'tap'
import { type Lookalike, lookalikeOf } from '../../src/user-id/lookalikes.ts'
import { parseUserId } from '../../src/user-id/user-id.ts'

/** The name as an id, and percent-encoded in a URI and in links. */
const encodedWays = (name: string) => [
  name,
  `spotify:user:${encodeURIComponent(name)}`,
  `https://open.spotify.com/user/${encodeURIComponent(name)}`,
  `https://open.spotify.com/user/${encodeURIComponent(name)}/playlists`,
]

/** The name unencoded in a URI and in links, where some characters can have another meaning. */
const rawWays = (name: string) => [
  `spotify:user:${name}`,
  `https://open.spotify.com/user/${name}`,
  `https://open.spotify.com/user/${name}?si=0a1b`,
]

const impossible: readonly (readonly [what: RegExp, ...names: string[]])[] = [
  [
    /looks like a placeholder/,
    ...[
      '{id}',
      '{{id}}',
      '{{ user.id }}',
      '\u0024{id}',
      '#{id}',
      '%{id}',
      '@{id}',
      'user-{id}',
      '{0}',
    ],
    ...[':id', ':userId', ':user_id', '<id>', '<your user id>', '#<id>', '<%= id %>', '{% id %}'],
    ...['%s', '%d', '%1$s', '%@', '%(id)s', '%USERNAME%', '%!s(MISSING)'],
    ...['$id', '$user_id', '$USER', '$(id)', '$1', '[id]', '[[...id]]', '[spotify-user-id]'],
  ],
  [
    /looks like an object that a program printed/,
    ...['[object Object]', '[object Undefined]', '[Function: id]', '[class User]'],
    ...['{"id":"smedjan"}', "{'id': 'smedjan'}", '{id=smedjan}', 'map[id:smedjan]'],
    ...[
      '<User object at 0x7f2a>',
      '#<User:0x0000>',
      '<nil>',
      '<undefined>',
      '<function id at 0x1>',
    ],
    ...['Optional("smedjan")', 'Some("smedjan")', 'Symbol(id)', 'function id() {}', '(id) => id'],
    ...['com.example.User@1a2b3c', '[Ljava.lang.String;@1a2b3c'],
  ],
  [/"\(null\)", which programs print/, '(null)', '(NULL)', '(nil)', '(None)'],
]

t.test(
  'an impossible id is refused in every form, and the refusal describes what the id looks like',
  async t => {
    for (const [what, ...names] of impossible) {
      for (const name of names) {
        for (const way of encodedWays(name)) {
          t.throws(() => parseUserId(way), { type: 'invalid-user-id', message: what }, way)
        }
        for (const way of rawWays(name)) {
          t.throws(() => parseUserId(way), { name: 'Problem' }, way)
        }
      }
    }
  },
)

t.test('a raw placeholder in a link is refused as a placeholder, not as an empty name', async t => {
  for (const way of [
    'spotify:user::id',
    'https://open.spotify.com/user/<id>?si=1',
    'https://open.spotify.com/user/[object Object]',
    'see https://open.spotify.com/user/{id}.',
  ]) {
    t.throws(() => parseUserId(way), { message: /looks like/ }, way)
  }
})

t.test('a name that only resembles a placeholder or an object is accepted as an id', async t => {
  for (const name of [
    '$ann$',
    '$ap',
    ':)x',
    '%ann',
    '100%s',
    'map',
    'function',
    'some(one)',
    'ann.lee@cafe',
    'a=>b',
    '{ann',
    '<3',
  ]) {
    const link = `https://open.spotify.com/user/${encodeURIComponent(name)}`
    t.equal(parseUserId(link), name, name)
  }
})

t.test('an unlikely id is accepted, with a lookalike', async t => {
  const cases: readonly (readonly [Lookalike | undefined, ...names: string[]])[] = [
    ['no-value', 'undefined', 'null', 'nil', 'None', 'NaN', 'true', 'False'],
    ['me', 'me', 'ME'],
    ['stand-in', 'id', 'user', 'userId', 'user_id', 'your-user-id', 'username', 'string'],
    ['email', 'ann@example.com', 'a.b+c@mail.example.co.uk'],
    ['display-name', 'Ann Lee', '山田\u3000太郎', 'Ann\u00a0Lee'],
    ['content-id', '37i9dQZF1DXcBWIGoYBM5M', '0TnOYISbd1XYRBk9myaseg'],
    [undefined, 'smedjan', 'a@b', 'method', '317g2sbpe3ccycu45fes6l', '1234567890123456789012'],
    [undefined, '37i9dQZF1DXcBWIGoYBM5', '37i9dQZF1DXcBWIGoYBM5Mx', '@ann', 'someuser', 'ann-id'],
  ]
  for (const [kind, ...names] of cases) {
    for (const name of names) {
      t.equal(lookalikeOf(name), kind, name)
      t.equal(parseUserId(name), name.toLowerCase())
    }
  }
})
