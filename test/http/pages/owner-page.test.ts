import t from 'tap'
import { ownerPage, unlinkedPage } from '../../../src/http/pages/owner-page.ts'
import { OWNER_FAULTS } from '../../../src/http/pages/owner-texts.ts'
import type { OwnerView } from '../../../src/links/consents.ts'
import { type Link, newLink } from '../../../src/links/link.ts'
import { faultOf } from '../../../src/links/link-problems.ts'
import type { EndedRecord, EndReason } from '../../../src/links/link-record.ts'
import type { LinkState, RefusalReason } from '../../../src/links/link-state.ts'
import { recordOf } from '../../links/support.ts'

const HOSTILE = '"><script>canary'

function pageOf(view: Partial<OwnerView>, options: { error?: string; isLocal?: boolean } = {}) {
  const { isLocal: isLocalRedirect = false, error } = options
  return ownerPage({
    view: { userId: 'smedjan', link: undefined, canLink: true, ...view },
    path: '/base/link/x',
    basePath: '/base',
    privacyUrl: undefined,
    isLocalRedirect,
    error,
  })
}

function linkIn(state: LinkState): Link {
  return { ...newLink('smedjan', recordOf('smedjan'), undefined), state }
}

const refusals: RefusalReason[] = [
  'not-registered',
  'insufficient-scope',
  'endpoint-forbidden',
  'access-denied',
  'scope-too-wide',
]
const states: LinkState[] = [
  { name: 'doubtful', retryAtMs: 0 },
  ...refusals.map(reason => ({ name: 'refused', reason, refusals: 1, retryAtMs: 0 }) as const),
  { name: 'unreadable' },
]

t.test(
  'before the consent, the page says who asks, what is read and kept, and how to end the link',
  async t => {
    const page = pageOf({})
    for (const text of [
      'The operator of this service, who sent you this address, asks',
      '<strong><bdi>smedjan</bdi></strong>',
      '<h2>What this service reads</h2>',
      '<h2>What it keeps, and where</h2>',
      '<h2>How you end it</h2>',
      'https://www.spotify.com/account/apps/',
      '<h2>Privacy policy</h2>\n<p>The operator has not published a privacy policy here.',
      '<button type="submit" name="action" value="link" aria-describedby="link-hint">Continue to Spotify</button>',
    ]) {
      t.match(page, text)
    }
    t.ok(page.indexOf('Privacy policy') < page.indexOf('Continue to Spotify'), 'all of it first')
    t.notMatch(page, 'id="url"')
    t.match(pageOf({}, { isLocal: true }), '<form action="/base/link/x/finish" method="post">')
    t.match(pageOf({}, { error: 'It is old.' }), '<p class="error" id="url-error">It is old.</p>')
  },
)

t.test('the page for a working link says when it began and when it expires', async t => {
  const link = linkIn({ name: 'active' })
  const page = pageOf({ link })
  t.match(page, '<h1>Your Spotify account is linked</h1>')
  t.match(page, /<dt>Linked<\/dt><dd><time datetime="[^"]+">/)
  t.match(page, /<dt>Expires on<\/dt><dd><time datetime="[^"]+">/)
  t.notMatch(page, 'Last read')
  t.match(pageOf({ link: { ...link, lastUsedAt: Date.UTC(2026, 10, 23, 14, 5) } }), '23 Nov 2026')
  t.match(page, '<button type="submit" name="action" value="link" class="secondary" aria-')
  t.match(page, 'Link the account again')
  t.match(page, 'Press “End the link” above, and the service deletes')
  t.notMatch(page, 'before you agree')
  t.match(pageOf({ link }, { isLocal: true }), /<details>\n<summary>If your browser cannot open/)
  t.match(pageOf({ link }, { error: 'It is old.' }), '<h2>If your browser cannot open')
  t.match(page, 'value="end" class="secondary" aria-describedby="end-hint">End the link</button>')
  t.notMatch(pageOf({ link, canLink: false }), 'value="link"')
})

t.test(
  'the page for an unusable link gives the reason and has a button to end the link',
  async t => {
    for (const state of states) {
      const page = pageOf({ link: linkIn(state) })
      const fault = faultOf(state)
      t.match(page, '<h1>The link to your Spotify account does not work</h1>')
      t.match(page, `<p class="lead">${fault && OWNER_FAULTS[fault]}</p>`)
      t.match(page, 'value="end"')
    }
  },
)

t.test(
  'the page for an ended link has a button to link again, but none to end the link',
  async t => {
    for (const reason of ['consent-revoked', 'consent-expired', 'other-user'] as EndReason[]) {
      const record: EndedRecord = { userId: 'smedjan', linkId: 'x', reason, endedAt: 0 }
      const page = pageOf({ link: newLink('smedjan', record, undefined) })
      t.match(page, '<h1>The link to your Spotify account has ended</h1>')
      t.match(page, `<p class="lead">${OWNER_FAULTS[reason]}</p>`)
      t.match(page, 'value="link" aria-describedby="link-hint">Link the account again</button>')
      t.notMatch(page, 'value="end"')
      t.notMatch(page, 'End the link')
      t.notMatch(page, '<dt>Linked')
    }
  },
)

t.test('the owner pages escape hostile text', async t => {
  for (const page of [
    pageOf({ userId: HOSTILE }),
    pageOf({ link: { ...linkIn({ name: 'active' }), userId: HOSTILE } }),
    pageOf({}, { error: HOSTILE }),
    unlinkedPage(HOSTILE, ''),
  ]) {
    t.match(page, 'script&#62;canary')
    t.notMatch(page, '<script')
  }
})
