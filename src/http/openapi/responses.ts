import { type TSchema, Type } from 'typebox'
import { csvExample, listExample, ndjsonExample, pageExample, textExample } from './examples.ts'
import { problemResponsesFor } from './problem-responses.ts'
import {
  commonHeaders,
  contentDisposition,
  helpHeader,
  listHeaders,
  noStore,
  pageHeaders,
  rateLimitHeaders,
  staticHeaders,
  validatorHeaders,
  varyAccept,
} from './response-headers.ts'
import { schemas } from './schemas.ts'

/** Describes an uncached JSON response. */
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

function notModified(headers: Record<string, TSchema>) {
  const description =
    'The caller already has this representation, according to `If-None-Match` or `If-Modified-Since`.'
  return { type: 'null', description, headers }
}

/** Successful responses with a list. */
export const listResponses = {
  200: {
    description: 'The playlists.',
    headers: {
      ...listHeaders,
      ...contentDisposition,
      ...helpHeader,
      ...pageHeaders,
      ...rateLimitHeaders,
    },
    content: {
      'application/json': { schema: schemas.list, example: listExample },
      'text/plain': {
        schema: Type.String({
          description: 'One line per playlist: position (4 characters wide), uri and name.',
        }),
        example: textExample,
      },
      'text/csv': {
        schema: Type.String({ description: 'RFC 4180 with a header row.' }),
        example: csvExample,
      },
      'application/x-ndjson': {
        schema: Type.String({ description: 'One playlist per line, as JSON.' }),
        example: ndjsonExample,
      },
      'text/html': {
        schema: Type.String({ description: 'A page for a person, with 50 playlists.' }),
      },
    },
  },
  304: notModified({ ...validatorHeaders, ...rateLimitHeaders }),
}

/** Successful responses with a mirror page. */
export const mirrorResponses = {
  200: {
    description: 'The page.',
    headers: { ...listHeaders, ...rateLimitHeaders },
    content: { 'application/json': { schema: schemas.page, example: pageExample } },
  },
  304: notModified({ ...validatorHeaders, ...rateLimitHeaders }),
}

/** Successful responses with a page about problems. */
export const problemPageResponses = {
  200: {
    description: 'The page.',
    headers: {
      ...staticHeaders,
      ...varyAccept,
      ...pageHeaders,
    },
    content: {
      'text/html': { schema: Type.String() },
      'text/markdown': { schema: Type.String() },
    },
  },
  304: notModified({ ...staticHeaders, ...varyAccept }),
}

/** Successful responses for openapi.yaml. */
export const openapiResponses = {
  200: {
    description: 'OpenAPI 3.1.',
    headers: staticHeaders,
    content: { 'application/yaml': { schema: Type.String() } },
  },
  304: notModified(staticHeaders),
}

/** Responses for the home page. */
export const homeResponses = {
  200: {
    description: 'The form as a page, or the service paths.',
    headers: { ...staticHeaders, ...varyAccept, ...pageHeaders },
    content: {
      'text/plain': { schema: Type.String() },
      'application/json': {
        schema: Type.Record(Type.String(), Type.String({ description: 'A path.' })),
      },
      'text/html': { schema: Type.String() },
    },
  },
  303: {
    type: 'null',
    description: 'To the playlists for `user`.',
    headers: {
      ...commonHeaders,
      ...noStore,
      ...rateLimitHeaders,
      Location: Type.String({ description: 'The path of the playlists.' }),
    },
  },
  304: notModified({ ...staticHeaders, ...varyAccept }),
  ...problemResponsesFor(['caller-rate-limited', 'invalid-query', 'invalid-user-id']),
}
