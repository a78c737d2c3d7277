import t from 'tap'
import type { Problem } from '../../src/problems/problem.ts'
import { parseUserId } from '../../src/user-id/user-id.ts'

/** Returns the id in a pasted text, or why `parseUserId` refuses the text. */
function outcome(pasted: string): string {
  try {
    return parseUserId(pasted)
  } catch (error) {
    const { type, message } = error as Problem
    const [, reason] = /^Parameter "id": (.*) Open the profile in Spotify, /.exec(message) ?? []
    return `${type}: ${reason}`
  }
}

const link = 'https://open.spotify.com/user/smedjan'

t.test('a query with known tracking parameters after an id or URI is removed', async t => {
  for (const pasted of [
    'smedjan?si=0a1b',
    'smedjan?si=0a1b&nd=1',
    'smedjan?SI=0a1b&amp;nd=1',
    'smedjan?utm_source=a&utm_medium=b&context=spotify%3Aplaylist%3A1',
    'smedjan?si=&_branch_match_id=1&go=1#top',
    'smedjan?si=1?si=2',
    'smedjan&si=0a1b',
    'smedjan#_=_',
    'smedjan#:~:text=Smedjan',
    'spotify:user:smedjan?si=0a1b&nd=1',
    `${link}&si=0a1b`,
    'https://open.spotify.com/user/smedjan%3Fsi%3D0a1b',
    '"smedjan?si=0a1b"',
    'smedjan ?si=1 &nd=1\u200b?si=\u200b',
  ]) {
    t.equal(outcome(pasted), 'smedjan', pasted)
  }
  for (const name of [
    'q?x=1&y',
    'q?si=1&x=2',
    'q?x=1&si=2',
    'a&b',
    'a&b=si=1',
    'a?b?c',
    'c#',
    'stop&go',
  ]) {
    t.equal(outcome(name), name, 'any other query is part of the name')
    t.equal(outcome(`spotify:user:${name}`), name)
  }
})

t.test(
  'quotes around an id, and brackets or emphasis around a link or URI, are removed',
  async t => {
    for (const [left, right] of [
      '""',
      "''",
      '``',
      '“”',
      '„“',
      '‘’',
      '‚’',
      '«»',
      '»«',
      '‹›',
      '「」',
      '『』',
    ] as const) {
      t.equal(outcome(`${left}smedjan${right}`), 'smedjan')
      t.equal(outcome(`${left}${left} SMEDJAN\u200b${right}${right}`), 'smedjan')
    }
    for (const pasted of [
      '"%"',
      "'%'",
      '`%`',
      '“%”',
      '„%“',
      '(%)',
      '[%]',
      '{%}',
      '<%>',
      '（%）',
      '【%】',
      '( % )',
      '"<%>"',
      '**%**',
      '_%_',
      '~~%~~',
      '[Smedjan](%)',
      '[%](%)',
      '[Smedjan](% "on Spotify")',
      '[Smedjan]: %',
      '<%|Smedjan>',
      '[[%|Smedjan]]',
      '[url]%[/url]',
      '[url=%]Smedjan[/url]',
      '<a href="%">Smedjan</a>',
      "<a href='%'>%</a>",
      '<a href=%>Smedjan</a>',
      '{"url":"%"}',
      "{'url': '%'}",
      '"%",',
      '> %',
      '- %',
      '1. %',
      'profile:%',
      'See %.',
      'See %, and listen',
      'See (%).',
      'See (that is, %)...',
      "See '%'.",
      'See <%>.',
      'See %; 「%」。',
    ]) {
      for (const user of [link, 'spotify:user:smedjan', 'open.spotify.com/user/smedjan']) {
        const text = pasted.replaceAll('%', user)
        t.equal(outcome(text), 'smedjan', text)
      }
    }
    const enclosed = '(https://open.spotify.com/user/(ann))'
    t.equal(outcome(enclosed), '(ann)', 'parentheses that the name opens belong to it')
    t.equal(outcome(`see ${enclosed}.`), '(ann)')
    t.equal(outcome("'https://open.spotify.com/user/o'neil'"), "o'neil")
  },
)

t.test('ambiguous punctuation at either end of a name is refused with a hint', async t => {
  for (const [pasted, end, escaped] of [
    ['smedjan.', 'ends with . (U+002E)', '%2E'],
    ['smedjan,', 'ends with , (U+002C)', '%2C'],
    ['smedjan;', 'ends with ; (U+003B)', '%3B'],
    ['smedjan:', 'ends with : (U+003A)', '%3A'],
    ['smedjan?', 'ends with ? (U+003F)', '%3F'],
    ['smedjan…', 'ends with … (U+2026)', '%E2%80%A6'],
    ['smedjan。', 'ends with 。 (U+3002)', '%E3%80%82'],
    ['...', 'ends with . (U+002E)', '%2E'],
    ['"smedjan', 'begins with " (U+0022)', '%22'],
    ['smedjan"', 'ends with " (U+0022)', '%22'],
    ["smedjan'", "ends with ' (U+0027)", '%27'],
    ['smedjan”', 'ends with ” (U+201D)', '%E2%80%9D'],
    ['“smedjan', 'begins with “ (U+201C)', '%E2%80%9C'],
    ['"smedjan",', 'begins with " (U+0022)', '%22'],
    ['"smedjan", "bob"', 'begins with " (U+0022)', '%22'],
    ["'smedjan', 'bob'", "begins with ' (U+0027)", '%27'],
    ['("smedjan")', 'begins with " (U+0022)', '%22'],
    ["b'smedjan'", "ends with ' (U+0027)", '%27'],
    ['["smedjan"]', 'begins with [ (U+005B)', '%5B'],
    ['[smedjan]', 'begins with [ (U+005B)', '%5B'],
    ['smedjan]', 'ends with ] (U+005D)', '%5D'],
    ['smedjan)', 'ends with ) (U+0029)', '%29'],
    ['(smedjan', 'begins with ( (U+0028)', '%28'],
    ['smedjan}', 'ends with } (U+007D)', '%7D'],
    ['smedjan>', 'ends with > (U+003E)', '%3E'],
    ['【smedjan】', 'begins with 【 (U+3010)', '%E3%80%90'],
    ['spotify:user:smedjan.', 'ends with . (U+002E)', '%2E'],
    [`${link}.`, 'ends with . (U+002E)', '%2E'],
    [`${link})`, 'ends with ) (U+0029)', '%29'],
    [`"${link}."`, 'ends with . (U+002E)', '%2E'],
    ["https://open.spotify.com/user/'smedjan'?si=1", "begins with ' (U+0027)", '%27'],
  ] as const) {
    const hint = `Remove it or, if it belongs to the name, use spotify:user: followed by the name, with ${escaped} in its place.`
    t.equal(outcome(pasted), `invalid-user-id: The name ${end}. ${hint}`, pasted)
  }
  t.equal(outcome('spotify:user:smedjan%2E'), 'smedjan.')
  t.equal(outcome(`${link}./playlists`), 'smedjan.', 'the end of the name is clear')
})

t.test('a link is refused if the name has no clear end', async t => {
  for (const [pasted, unclear] of [
    [`${link} lee`, 'U+0020'],
    [`${link} lee/playlists`, 'U+0020'],
    [`${link} lee\nlisten to it`, 'U+0020'],
    ['spotify:user:ann lee', 'U+0020'],
    ['https://open.spotify.com/user/\u00a0smedjan', 'U+00A0'],
    [`${link}"`, '" (U+0022)'],
    [`${link}|x`, '| (U+007C)'],
    [`${link}，来听`, '， (U+FF0C)'],
    [`see ${link}!`, '! (U+0021)'],
    [`see **this: ${link}**`, '* (U+002A)'],
    [`看看${link}的主页`, '的 (U+7684)'],
  ] as const) {
    t.match(outcome(pasted), `It is unclear whether ${unclear} belongs to the name`, pasted)
  }
  t.equal(outcome(`${link}\nlisten to it`), 'smedjan', 'no name has a line break')
  t.equal(outcome(`${link} spotify:user:smedjan ${link}`), 'smedjan', 'no name has a link')
  t.equal(outcome(`${link}?si=1 lee`), 'smedjan', 'the link continues after the name')
})

t.test('a text with several users, or too many links, is refused', async t => {
  const other = 'https://open.spotify.com/user/bob'
  t.match(outcome(`${link}\n${other}`), 'names more than one user')
  t.equal(outcome(`${link}\n${link.toUpperCase()}?si=1`), 'smedjan', 'the same user twice')
  t.match(outcome(`${link}\n`.repeat(11)), 'has more than 10 links')
  const playlist = 'https://open.spotify.com/playlist/37i9dQZF1DXcBWIGoYBM5M'
  t.equal(outcome(`${playlist} by ${link}`), 'smedjan')
})

t.test('a link without a user is refused', async t => {
  for (const pasted of [
    'https://open.spotify.com/playlist/37i9dQZF1DXcBWIGoYBM5M?si=user/bob',
    'https://evilspotify.com/user/bob',
    'evilspotify.com/user/bob',
    'open.spotify.com.evil.example/user/bob',
    'https://open.spotify.com.evil.example/user/bob',
    'https://open.spotify.com@evil.example/user/bob',
    'https://open.spotify.com:443@evil.example/user/bob',
    'https://evil.example/https://open.spotify.com/user/bob',
    'https://evil.example/?u=open.spotify.com/user/bob',
    'https://user/bob',
    'https:\\\\open.spotify.com\\user\\bob',
    'open.spotify.com?user=bob',
    'Listen: spotify:playlist:37i9dQZF1DXcBWIGoYBM5M',
    'spotify:bob',
  ]) {
    t.match(outcome(pasted), 'This is not the link or URI of a Spotify user.', pasted)
  }
  t.match(outcome('https://open.spotify.com//user//bob'), 'is empty')
  t.match(outcome('bob@open.spotify.com/user/smedjan'), 'cannot contain "/"')
})

t.test('a short link on any host is refused with a hint', async t => {
  for (const pasted of [
    'https://spotify.link/AbC',
    'spotify.link/AbC',
    'HTTPS://SPOTI.FI/3xYz',
    'https://link.tospotify.com/AbC',
    'tospotify.com/AbC',
    'https://spotify.app.link/AbC?_p=1',
    'https://any-brand.app.link',
    'Hör mal: https://spotify.link/AbC!',
    '<http://spoti.fi/AbC>',
  ]) {
    t.match(outcome(pasted), 'A short link does not name its user. Open it in a browser', pasted)
  }
})
