import fc from 'fast-check'
import t from 'tap'
import type { Problem } from '../../src/problems/problem.ts'
import { ownSegment, parseUserId } from '../../src/user-id/user-id.ts'
import { INVISIBLE, invisible, LINK_FORMS, ODD_NAMES, plainId } from '../support/id-classes.ts'
import { accepted, pasted, wellFormed } from '../support/pasted-ids.ts'

const runs = { numRuns: 1000 }
const linkForm = fc.constantFrom(...LINK_FORMS)

t.test('parseUserId accepts an odd name as an id and in every link and URI form', async t => {
  for (const name of ODD_NAMES) {
    t.equal(parseUserId(name), name, name)
    for (const form of LINK_FORMS) {
      const link = form(encodeURIComponent(name))
      t.equal(parseUserId(link), name, link)
    }
  }
})

t.test('every link form identifies the same user', async t => {
  const property = fc.property(plainId, linkForm, (id, form) => parseUserId(form(id)) === id)
  t.doesNotThrow(() => fc.assert(property, runs))
})

t.test(
  'invisible characters at either end of a text, or of a name in a link, are removed',
  async t => {
    const property = fc.property(
      plainId,
      linkForm,
      invisible,
      invisible,
      (id, form, left, right) => {
        const around = (text: string) => left + text + right
        const withinLink = form(encodeURIComponent(around(id)))
        return [around(id), around(form(id)), withinLink, around(withinLink)].every(
          text => parseUserId(text) === id,
        )
      },
    )
    t.doesNotThrow(() => fc.assert(property, runs))
  },
)

t.test('raw invisible characters around the name in a link never lead to another user', async t => {
  const property = fc.property(plainId, linkForm, invisible, invisible, (id, form, left, right) => {
    return [undefined, id].includes(accepted(form(left + id + right)))
  })
  t.doesNotThrow(() => fc.assert(property, runs))
})

t.test('every invisible code point is removed at the ends, or refused by name', async t => {
  const invisible = /[\p{White_Space}\p{Default_Ignorable_Code_Point}\p{Cf}]/u
  const faults: string[] = []
  for (let codePoint = 0; codePoint <= 0x10ffff; codePoint++) {
    const character = String.fromCodePoint(codePoint)
    if (!invisible.test(character)) continue
    const hex = codePoint.toString(16).toUpperCase().padStart(4, '0')
    for (const text of [`${character}ann`, `ann${character}`, `an${character}n`]) {
      const [first = '', last = ''] = [text[0], text.at(-1)]
      const isWithin = /[a-z]/.test(first) && /[a-z]/.test(last)
      try {
        const id = parseUserId(text)
        if (id !== 'ann' && !(isWithin && /\p{White_Space}/u.test(character))) faults.push(text)
      } catch (error) {
        const { message } = error as Problem
        if (!message.includes(`U+${hex}`) && !/\p{Cc}/u.test(character)) faults.push(message)
      }
    }
  }
  t.same(faults, [])
})

t.test('a text encoded too many times is refused for that reason', async t => {
  const form = fc.constantFrom(...LINK_FORMS, (encoded: string) => decodeURIComponent(encoded))
  const name = fc.constantFrom(...ODD_NAMES, 'smedjan')
  const property = fc.property(name, form, fc.integer({ min: 1, max: 6 }), (id, form, times) => {
    let text = form(encodeURIComponent(id))
    for (let time = 0; time < times; time++) {
      const encoded = encodeURIComponent(text)
      // The text has no characters to encode.
      if (encoded === text) return true
      text = encoded
    }
    try {
      return text.length > 2048 || parseUserId(text) === undefined
    } catch (error) {
      return (error as Error).message.includes('encoded twice')
    }
  })
  t.doesNotThrow(() => fc.assert(property, runs))
})

t.test('a link with a name encoded too many times is refused for that reason', async t => {
  const odd = fc.constantFrom(...ODD_NAMES)
  const property = fc.property(odd, linkForm, fc.integer({ min: 2, max: 5 }), (id, form, times) => {
    let name: string = id
    for (let time = 0; time < times; time++) name = encodeURIComponent(name)
    // The name has no characters to encode.
    if (name === id) return true
    try {
      const text = form(name)
      return text.length > 2048 || parseUserId(text) === undefined
    } catch (error) {
      return (error as Error).message.includes('encoded twice')
    }
  })
  t.doesNotThrow(() => fc.assert(property, runs))
})

t.test('parseUserId returns the same id for all accepted forms of a name', async t => {
  const property = fc.property(wellFormed, name => {
    const ids = LINK_FORMS.map(form => accepted(form(encodeURIComponent(name))))
    return new Set(ids.filter(id => id !== undefined)).size <= 1
  })
  t.doesNotThrow(() => fc.assert(property, { numRuns: 300 }))
})

t.test('the path segment written for an id is parsed to the same id', async t => {
  const property = fc.property(pasted, input => {
    const id = accepted(input)
    if (id === undefined) return true
    const segment = ownSegment(id)
    return encodeURIComponent(decodeURIComponent(segment)) === segment
      ? accepted(decodeURIComponent(segment)) === id
      : false
  })
  t.doesNotThrow(() => fc.assert(property, { numRuns: 3000 }))
  t.equal(ownSegment('#mimble!'), '%23mimble!')
  t.equal(ownSegment('ann.'), 'spotify%3Auser%3Aann%252E', 'the plain id would be refused')
  t.equal(
    ownSegment('"ann"'),
    'spotify%3Auser%3A%2522ann%2522',
    'the plain id would be another one',
  )
})

t.test('a text with one link identifies the user in that link', async t => {
  const words = fc.constantFrom(
    'Look at this:',
    '看看这个主页：',
    'Слушай мой профиль',
    'شاهد ملفي الشخصي',
    '👉',
    'Mein Profil (neu)\n',
    '~ my_list ~',
    'that’s me,',
  )
  const rest = fc.constantFrom('', '– enjoy!', '，快来听', 'und noch mehr', '\n#music', '؟', '…')
  const links = LINK_FORMS.filter(form => /spotify[.:]/i.test(form('x')))
  const glue = fc.constantFrom(' ', '\n', '\u3000', '\u00a0')
  const property = fc.property(
    plainId,
    fc.constantFrom(...links),
    words,
    rest,
    glue,
    (id, form, before, after, glue) =>
      parseUserId(`${before}${glue}${form(id)}${glue}${after}`) === id,
  )
  t.doesNotThrow(() => fc.assert(property, runs))
})

t.test('parseUserId takes linear time for hostile text', async t => {
  const LENGTH = 2000
  const seeds = [...'()"\'.?&%{}<[:/-*#_,', 'a.', 'a:', '?si=1', '&si=1', '%25', 'spotify:user:a ']
  const more = [
    'o.sp/ ',
    'intl-a/',
    'http://',
    'é\ufe0f',
    'a\u200d',
    '(=',
    '{:',
    '<0x',
    '#:~:text=',
  ]
  const quickestMs = (text: string) => {
    const times = Array.from({ length: 10 }, () => {
      const began = performance.now()
      accepted(text)
      return performance.now() - began
    })
    return Math.min(...times)
  }
  // Compared with harmless text of the same length. Quadratic time would be 100 times as long.
  const limitMs = 30 * quickestMs(`${'é'.repeat(LENGTH - 1)}!`)
  const slow: string[] = []
  for (const seed of [...seeds, ...more, ...INVISIBLE]) {
    const fill = seed.repeat(LENGTH).slice(0, LENGTH)
    const around = [fill, `a${fill}a`, `see https://open.spotify.com/user/${fill}.`.slice(0, 2048)]
    for (const text of [...around, `(${fill})`, `{${fill}`, `[object${fill}`]) {
      if (quickestMs(text) > limitMs) slow.push(text)
    }
  }
  t.same(slow, [])
})
