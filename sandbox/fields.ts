/** An invalid control request; the message explains why. */
export class Invalid extends Error {
  readonly status: number

  constructor(message: string, status = 400) {
    super(message)
    this.status = status
  }
}

/** JSON object members. */
export type Fields = Record<string, unknown>

/** Parses a JSON object with no members besides `known`; throws Invalid. */
export function fieldsOf(body: string | undefined, known: readonly string[]): Fields {
  if (body === undefined) throw new Invalid('the body is too large', 413)
  const value = parsed(body)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Invalid('the body must be a JSON object')
  }
  const unknown = Object.keys(value).find(name => !known.includes(name))
  if (unknown !== undefined) {
    throw new Invalid(`${JSON.stringify(unknown)} is not one of ${known.join(', ')}`)
  }
  return { ...value }
}

/** Reads an optional integer within limits; throws Invalid. */
export function wholeNumber(
  fields: Fields,
  name: string,
  min: number,
  max: number,
): number | undefined {
  const isWithin = (value: unknown): value is number =>
    Number.isInteger(value) && Number(value) >= min && Number(value) <= max
  return optional(fields, name, isWithin, `a whole number from ${min} to ${max}`)
}

/** Reads an optional string; throws Invalid. */
export function text(fields: Fields, name: string): string | undefined {
  return optional(fields, name, isText, 'a string')
}

/** Reads an optional string array; throws Invalid. */
export function texts(fields: Fields, name: string): string[] | undefined {
  const areTexts = (value: unknown) => Array.isArray(value) && value.every(isText)
  return optional(fields, name, areTexts, 'an array of strings')
}

/** Reads an optional boolean; throws Invalid. */
export function flag(fields: Fields, name: string): boolean | undefined {
  return optional(fields, name, value => typeof value === 'boolean', 'true or false')
}

/** Reads an optional string from `allowed`; throws Invalid. */
export function maybeOneOf<T extends string>(
  fields: Fields,
  name: string,
  allowed: readonly T[],
): T | undefined {
  return fields[name] === undefined ? undefined : oneOf(fields, name, allowed)
}

/** Reads a required string from `allowed`; throws Invalid. */
export function oneOf<T extends string>(fields: Fields, name: string, allowed: readonly T[]): T {
  const found = allowed.find(choice => choice === fields[name])
  if (found !== undefined) return found
  throw new Invalid(`${name} must be one of ${allowed.join(', ')}`)
}

function optional<T>(
  fields: Fields,
  name: string,
  isValid: (value: unknown) => value is T,
  kind: string,
): T | undefined {
  const value = fields[name]
  if (value === undefined || isValid(value)) return value
  throw new Invalid(`${name} must be ${kind}`)
}

const isText = (value: unknown) => typeof value === 'string'

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    throw new Invalid('the body is not JSON')
  }
}
