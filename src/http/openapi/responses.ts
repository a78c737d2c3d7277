import { type TSchema, Type } from 'typebox'
import { csvExample, listExample, ndjsonExample, pageExample, textExample } from './examples.ts'
import {
  commonHeaders,
  contentDisposition,
  helpHeader,
  listHeaders,
  rateLimitHeaders,
  staticHeaders,
  validatorHeaders,
} from './response-headers.ts'
import { schemas } from './schemas.ts'

/** An answer in JSON that no cache has a part in. */
export function jsonResponse(
  description: string,
  schema: TSchema,
  headers: Record<string, TSchema> = {},
) {
  return {
    description,
    headers: { ...commonHeaders, ...headers },
    content: { 'application/json': { schema } },
  }
}

const NOT_MODIFIED =
  'The caller has this answer already, as `If-None-Match` or `If-Modified-Since` say.'

/** What a list is answered with when all goes well. */
export const listResponses = {
  200: {
    description: 'The playlists.',
    headers: { ...listHeaders, ...contentDisposition, ...helpHeader, ...rateLimitHeaders },
    content: {
      'application/json': { schema: schemas.list, example: listExample },
      'text/plain': {
        schema: Type.String({ description: 'One line each: position (4 wide), uri and name.' }),
        example: textExample,
      },
      'text/csv': {
        schema: Type.String({ description: 'RFC 4180 with a header row.' }),
        example: csvExample,
      },
      'application/x-ndjson': {
        schema: Type.String({ description: 'One playlist a line, as JSON.' }),
        example: ndjsonExample,
      },
    },
  },
  304: {
    type: 'null',
    description: NOT_MODIFIED,
    headers: { ...validatorHeaders, ...rateLimitHeaders },
  },
}

/** What a page of the mirror is answered with when all goes well. */
export const mirrorResponses = {
  200: {
    description: 'The page.',
    headers: { ...listHeaders, ...rateLimitHeaders },
    content: { 'application/json': { schema: schemas.page, example: pageExample } },
  },
  304: {
    type: 'null',
    description: NOT_MODIFIED,
    headers: { ...validatorHeaders, ...rateLimitHeaders },
  },
}

/** What a page that explains problems is answered with. */
export const problemPageResponses = {
  200: {
    description: 'The page.',
    headers: {
      ...staticHeaders,
      Vary: Type.Literal('Accept', { description: 'HTML for who prefers it, else Markdown.' }),
      'Content-Security-Policy': Type.String({ description: 'The page loads nothing.' }),
    },
    content: {
      'text/html': { schema: Type.String() },
      'text/markdown': { schema: Type.String() },
    },
  },
  304: {
    type: 'null',
    description: NOT_MODIFIED,
    headers: { ...staticHeaders, Vary: Type.Literal('Accept') },
  },
}

/** What this document is answered with. */
export const openapiResponses = {
  200: {
    description: 'OpenAPI 3.1.',
    headers: staticHeaders,
    content: { 'application/yaml': { schema: Type.String() } },
  },
  304: { type: 'null', description: NOT_MODIFIED, headers: staticHeaders },
}
