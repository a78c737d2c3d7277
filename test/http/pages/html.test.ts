import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { parseFragment } from 'parse5'
import t from 'tap'
import { html } from '../../../src/http/pages/html.ts'
import { withCode } from '../../../src/http/pages/layout.ts'

t.test('a template escapes text and keeps nested templates', async t => {
  const hostile = `<b>"&'`
  t.equal(
    String(html`<p title="${hostile}">${hostile}${7}${undefined}${html`<i>${hostile}</i>`}</p>`),
    '<p title="&#60;b&#62;&#34;&#38;&#39;">&#60;b&#62;&#34;&#38;&#39;7<i>&#60;b&#62;&#34;&#38;&#39;</i></p>',
  )
  t.equal(String(html`<ul>${[html`<li>`, html`</li>`]}</ul>`), '<ul><li></li></ul>')
  t.equal(String(html`<p>${[hostile, [null, false]]}</p>`), '<p>&#60;b&#62;&#34;&#38;&#39;</p>')
  t.equal(String(html`Hello!${'<b>'}`), 'Hello!&#60;b&#62;', 'after an exclamation mark too')
  t.equal(String(withCode('a `<b>` c')), 'a <code>&#60;b&#62;</code> c')
})

t.test('an HTML parser reads any text in a template unchanged', async t => {
  // Parsers drop NUL and read lone surrogates and line ends as other characters.
  const text = fc.string({ unit: 'grapheme' }).map(value => value.replace(/[\0\r]/g, ''))
  fc.assert(
    fc.property(text, text, (title, body) => {
      const [node] = parseFragment(String(html`<p title="${title}">x${body}</p>`)).childNodes
      t.match(node, { attrs: [{ name: 'title', value: title }], childNodes: { length: 1 } })
      t.match(node, { childNodes: [{ value: `x${body}` }] })
    }),
  )
})

t.test('every attribute with a value has double quotes', async t => {
  for (const folder of ['src/http/pages', 'src/http/routes']) {
    for (const name of readdirSync(folder)) {
      const text = readFileSync(`${folder}/${name}`, 'utf8').replace(/"[^"]*"/g, '""')
      t.notMatch(text, /<[a-z][^>`]*\s[\w-]+=[^"\s]/, name)
    }
  }
})
