import { hash } from 'node:crypto'

/** A caller that is known by a key, of which nothing but the digest is kept. */
export interface ApiKey {
  /** For logs and metrics. */
  readonly name: string
  readonly digest: string
}

/** The caller of every request when there are no keys; no key may claim to be that. */
export const ANONYMOUS = 'anonymous'

const NAME = /^[\w.-]{1,64}$/
/** What a bearer token is made of (RFC 6750 2.1). */
const KEY = /^[\w.~+/-]+=*$/
/**
 * Keys are compared by a fast digest and guessed at as often as the network allows, so that only
 * their randomness protects them: 32 characters hold 128 bits even when they are hexadecimal.
 */
const MIN_KEY_LENGTH = 32
/** Far longer than any, and far shorter than what fits into a header. */
const MAX_KEY_LENGTH = 512

/**
 * Reads `API_KEYS`: `name:key` separated by commas, with or without spaces around them. Faults go by
 * the position of the entry, since anything of its text may be a part of a key.
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
      faults.push(`entry ${index + 1}: the name is that of an entry before`)
    } else if (keys.some(other => other.digest === digest)) {
      faults.push(`entry ${index + 1}: the key is that of an entry before`)
    } else keys.push({ name, digest })
  }
  return { keys, faults }
}

/**
 * The SHA-256 by which keys are told apart. How long it takes to look one up says nothing of a key,
 * since nobody can choose how the digest of a guess begins.
 */
export function digestOf(key: string): string {
  return hash('sha256', key, 'hex')
}

function faultOf(name: string, key: string): string | undefined {
  if (name === '' || key === '') return 'not of the form name:key'
  if (!NAME.test(name))
    return 'the name has other characters than letters, digits, ".", "_" and "-", or over 64'
  if (name === ANONYMOUS) return `the name "${ANONYMOUS}" stands for callers without a key`
  if (!KEY.test(key)) return 'the key has characters that no bearer token has (RFC 6750 2.1)'
  if (key.length < MIN_KEY_LENGTH || key.length > MAX_KEY_LENGTH) {
    return `the key does not have ${MIN_KEY_LENGTH} to ${MAX_KEY_LENGTH} characters; "openssl rand -hex 32" makes a good one`
  }
  return undefined
}
