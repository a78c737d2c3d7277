import type { FastifyRequest } from 'fastify'
import type { TSchema } from 'typebox'
import { Problem } from '../problems/problem.ts'

/** The schema of a query; each description says what is allowed, in answers and in openapi.yaml. */
export interface QuerySchema {
  properties: Record<string, TSchema & { type?: string; description?: string }>
}

/**
 * A `preValidation` hook: coercion would also take other ways to write a number, such as `0x10` and
 * `1e1`. What is larger than any list is cut to a number that can be counted with.
 */
export function wholeNumbersOnly(schema: QuerySchema) {
  const names = Object.keys(schema.properties).filter(
    name => schema.properties[name]?.type === 'integer',
  )
  return ({ query }: FastifyRequest, _reply: unknown, done: (error?: Problem) => void): void => {
    const values = query as Record<string, unknown>
    const odd = names.find(
      name => values[name] !== undefined && !/^\d+$/.test(String(values[name])),
    )
    for (const name of names) {
      if (Number(values[name]) > Number.MAX_SAFE_INTEGER) values[name] = Number.MAX_SAFE_INTEGER
    }
    done(odd === undefined ? undefined : invalidQuery(odd, schema))
  }
}

/** The problem for a query parameter, which says what is allowed. */
export function invalidQuery(name: string, schema: QuerySchema): Problem {
  const description = schema.properties[name]?.description
  return new Problem('invalid-query', `Parameter "${name}" must be ${description}.`)
}
