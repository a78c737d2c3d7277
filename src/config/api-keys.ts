import { hash } from 'node:crypto'

/** A caller with an API key. The service keeps only the key digest. */
export interface ApiKey {
  /** For logs and metrics. */
  readonly name: string
  readonly digest: string
}

/** The name for all callers while no keys are configured. No key can have this name. */
export const ANONYMOUS = 'anonymous'

const NAME = /^[\w.-]{1,64}$/
/** Bearer token syntax (RFC 6750 2.1). */
const KEY = /^[\w.~+/-]+=*$/
/**
 * The service compares keys by a fast digest and does not limit guesses, so only their randomness protects
 * the keys: 32 characters have 128 bits even in hexadecimal.
 */
const MIN_KEY_LENGTH = 32
/** Longer than any key in use, and short enough for a header field. */
const MAX_KEY_LENGTH = 512

/**
 * Parses `API_KEYS`: `name:key` pairs separated by commas and optional spaces. Faults contain an entry's
 * position, never the text, which might contain a key.
 */
export function parseApiKeys(value: string | undefined): { keys: ApiKey[]; faults: string[] } {
  const keys: ApiKey[] = []
  const faults: string[] = []
  const entries = value?.split(',') ?? []
  for (const [index, entry] of entries.entries()) {
    const [name = '', ...rest] = entry.trim().split(':')
    const key = rest.join(':')
    const fault = faultOf(name, key)
    const digest = digestOf(key)
    if (fault !== undefined) faults.push(`entry ${index + 1}: ${fault}`)
    else if (keys.some(other => other.name === name)) {
      faults.push(`entry ${index + 1}: an earlier entry has the same name`)
    } else if (keys.some(other => other.digest === digest)) {
      faults.push(`entry ${index + 1}: an earlier entry has the same key`)
    } else keys.push({ name, digest })
  }
  return { keys, faults }
}

/**
 * Returns the SHA-256 of a key, in hexadecimal. A lookup by digest is safe from timing attacks, since
 * nobody can choose how the digest of a guess begins.
 */
export function digestOf(key: string): string {
  return hash('sha256', key, 'hex')
}

function faultOf(name: string, key: string): string | undefined {
  if (name === '' || key === '') return 'not of the form name:key'
  if (!NAME.test(name)) return 'the name must have 1 to 64 letters, digits, ".", "_" and "-"'
  if (name === ANONYMOUS) return `the name "${ANONYMOUS}" is reserved for callers without a key`
  if (!KEY.test(key)) return 'the key is not a valid bearer token (RFC 6750 2.1)'
  if (key.length < MIN_KEY_LENGTH || key.length > MAX_KEY_LENGTH) {
    return `the key must have ${MIN_KEY_LENGTH} to ${MAX_KEY_LENGTH} characters; create one with "openssl rand -hex 32"`
  }
  return undefined
}
