import type { FastifyRequest } from 'fastify'
import type { TSchema } from 'typebox'
import { Problem } from '../problems/problem.ts'

/** A query schema. Problems and openapi.yaml quote the allowed values from the descriptions. */
export interface QuerySchema {
  properties: Record<string, TSchema & { type?: string; description?: string }>
}

/**
 * Makes a `preValidation` hook that refuses numbers coercion would accept, such as `0x10` and `1e1`, and limits
 * huge numbers to the largest safe integer.
 */
export function wholeNumbersOnly(schema: QuerySchema) {
  const names = Object.keys(schema.properties).filter(
    name => schema.properties[name]?.type === 'integer',
  )
  return ({ query }: FastifyRequest, _reply: unknown, done: (error?: Problem) => void): void => {
    const values = query as Record<string, unknown>
    const invalid = names.find(
      name => values[name] !== undefined && !/^\d+$/.test(String(values[name])),
    )
    for (const name of names) {
      if (Number(values[name]) > Number.MAX_SAFE_INTEGER) values[name] = Number.MAX_SAFE_INTEGER
    }
    done(invalid === undefined ? undefined : invalidQuery(invalid, schema))
  }
}

/**
 * Returns the problem for an invalid query parameter, with the allowed values: the part of the description
 * before the colon. The part after the colon explains what the parameter does.
 */
export function invalidQuery(name: string, schema: QuerySchema): Problem {
  const [allowed] = String(schema.properties[name]?.description).split(': ', 1)
  return new Problem('invalid-query', `Parameter "${name}" must be ${allowed}.`)
}

const MAX_FIELD_LENGTH = 1024
const MAX_FIELD_ENTRIES = 50

/** Whether a list-based field is far larger than clients need. */
export function isTooLarge(value: string): boolean {
  return (
    value.length > MAX_FIELD_LENGTH ||
    value.split(',', MAX_FIELD_ENTRIES + 1).length > MAX_FIELD_ENTRIES
  )
}

/**
 * Refuses a list-based field that is far larger than clients need, before anything parses it: parsing a few
 * fields of 16 kB would block the event loop for as long as hundreds of hits. RFC 9110 5.4 requires a 4xx and
 * forbids ignoring part of the field.
 *
 * @throws {Problem} `headers-too-large` (RFC 6585 5)
 */
export function checkFieldSize(name: string, value: string): void {
  if (!isTooLarge(value)) return
  const detail = `Header "${name}": send ${MAX_FIELD_LENGTH} characters and ${MAX_FIELD_ENTRIES} entries at most.`
  throw new Problem('headers-too-large', detail)
}
