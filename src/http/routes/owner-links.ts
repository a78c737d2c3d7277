import { Type } from 'typebox'
import type { Consents } from '../../links/consents.ts'
import { Problem } from '../../problems/problem.ts'
import { prefersPage, varyByAccept } from '../accept.ts'
import type { AppInstance } from '../app-instance.ts'
import { allowOnly } from '../methods.ts'
import {
  ownerCallbackResponses,
  ownerFormResponses,
  ownerPageResponses,
} from '../openapi/owner-responses.ts'
import { basePathOf } from '../origin.ts'
import { pageFields } from '../pages/layout.ts'
import { ownerPage, unlinkedPage } from '../pages/owner-page.ts'
import { OWNER_ROOT } from '../paths.ts'
import { contextOf } from '../request-context.ts'
import { refuseOtherSites } from '../same-site.ts'
import { sendPage } from '../send.ts'
import { callbackRoute, OWNER_TAGS, redirected, sendResult } from './owner-callback.ts'

export interface OwnerLinksOptions {
  consents: Consents
  /** The public service URL; undefined if unknown. */
  publicUrl: string | undefined
  /** The authorization endpoint the form leads to. */
  authorizeUrl: URL
  /** Where Spotify sends the browser. */
  redirectUri: string
  /** The operator's privacy policy. */
  privacyUrl: string | undefined
}

/** Far longer than any address Spotify sends a browser to. */
const MAX_FORM_BYTES = 16_384

const params = Type.Object({
  token: Type.String({ description: 'The sealed part of the address for the owner.' }),
})
const FORM = 'a form of at most 16 kB, with the Content-Type application/x-www-form-urlencoded'
const buttons = Type.Object(
  {
    action: Type.Optional(
      Type.String({ description: '`link`, the default, or `end`', examples: ['end'] }),
    ),
  },
  { description: FORM },
)
const pasted = Type.Object(
  {
    url: Type.Optional(
      Type.String({
        description: 'the whole address of the page that the browser could not open',
        examples: ['http://127.0.0.1:3000/link/callback?code=AQ&state=eyJ'],
      }),
    ),
  },
  { description: FORM },
)
const consumes = ['application/x-www-form-urlencoded']
/** Schema members shared by all routes for an owner page. */
const ofPage = { tags: OWNER_TAGS, params }
const ofForm = { ...ofPage, consumes }

/**
 * The pages for account owners to link an account and end the link. They need no API key: the sealed address is
 * the permission. Scripts can use them as well as browsers. GET and HEAD have no side effects, except at the
 * callback, where Spotify sends the owner's browser.
 */
export function ownerLinksRoutes(app: AppInstance, options: OwnerLinksOptions): void {
  // A separate instance, since no other route accepts forms.
  app.register(async forms => {
    acceptOnlyForms(forms)
    pageRoutes(forms, options)
    callbackRoute(forms, options.consents, basePathOf(options.publicUrl))
  })
}

function acceptOnlyForms(app: AppInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser<string>(
    consumes,
    { parseAs: 'string', bodyLimit: MAX_FORM_BYTES },
    (_request, body, done) => done(null, Object.fromEntries(new URLSearchParams(body))),
  )
  app.addHook('preValidation', async request => {
    request.body ??= {}
  })
}

function pageRoutes(app: AppInstance, options: OwnerLinksOptions): void {
  const { consents, publicUrl, authorizeUrl, redirectUri, privacyUrl } = options
  const basePath = basePathOf(publicUrl)
  const fields = [...pageFields(`'self' ${authorizeUrl.origin}`), 'cache-control', 'no-store']
  const isLocalRedirect = new URL(redirectUri).protocol === 'http:'

  async function pageOf(token: string, error?: string): Promise<string> {
    const view = await consents.view(token)
    if (view === undefined) throw invalidAddress()
    const path = `${basePath}${OWNER_ROOT}/${encodeURIComponent(token)}`
    return ownerPage({ view, path, basePath, privacyUrl, isLocalRedirect, error })
  }

  const path = `${OWNER_ROOT}/:token`
  app.get(
    path,
    {
      schema: {
        ...ofPage,
        operationId: 'getOwnerPage',
        summary: 'The page for the owner of an account',
        response: ownerPageResponses,
      },
    },
    async ({ params: { token } }, reply) => {
      sendPage(reply, await pageOf(token), fields)
      return reply
    },
  )
  app.post(
    path,
    {
      onRequest: refuseOtherSites,
      schema: {
        ...ofForm,
        operationId: 'pressOwnerButton',
        summary: 'Begins to link the account or, with `action=end`, ends the link',
        body: buttons,
        response: ownerFormResponses,
      },
    },
    async (request, reply) => {
      const { token } = request.params
      const { action = 'link' } = request.body
      if (action === 'end') {
        const userId = await consents.end(token)
        if (userId === undefined) throw invalidAddress()
        sendPage(reply, unlinkedPage(userId, basePath), fields)
        return reply
      }
      if (action !== 'link') throw new Problem('bad-request', 'Field "action": use link or end.')
      const url = await consents.begin(token)
      if (url === undefined) throw invalidAddress()
      return redirected(reply, url)
    },
  )
  allowOnly(app, path, ['GET', 'HEAD', 'POST'])

  const finishPath = `${path}/finish`
  app.post(
    finishPath,
    {
      onRequest: refuseOtherSites,
      schema: {
        ...ofForm,
        operationId: 'finishLink',
        summary: 'Links the account with the address at which the browser of its owner ended',
        body: pasted,
        response: ownerCallbackResponses,
      },
    },
    async (request, reply) => {
      const { token } = request.params
      const { url = '' } = request.body
      const result = await consents.finish(token, url)
      if (result.kind !== 'invalid') return sendResult(reply, result, basePath)
      const page = await pageOf(token, `${PASTED} Press the button above, and try again.`)
      const problem = new Problem('link-invalid', PASTED)
      if (!prefersPage(request.url, request.headers.accept)) throw problem
      contextOf(request).problem = problem
      varyByAccept(reply)
      sendPage(reply, page, fields, problem.status)
      return reply
    },
  )
  allowOnly(app, finishPath, ['POST'])
}

const PASTED =
  'This is not the address of the page at which your browser ended, or it is used or more than ten minutes old.'

function invalidAddress(): Problem {
  return new Problem(
    'link-invalid',
    'This address is incomplete, used or expired, or its link has ended.',
  )
}
