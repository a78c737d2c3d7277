import { hkdfSync } from 'node:crypto'
import { CompactEncrypt, compactDecrypt } from 'jose'

/** The purposes for sealed texts. Each has separate keys, so no text opens for another purpose. */
export const PURPOSES = [
  'link record',
  'invitation',
  'authorization state',
  "owner's page",
] as const

export type Purpose = (typeof PURPOSES)[number]

const KEY_BYTES = 32
const ALGORITHMS = { alg: 'dir', enc: 'A256GCM' } as const
const DECRYPT_OPTIONS = {
  keyManagementAlgorithms: [ALGORITHMS.alg],
  contentEncryptionAlgorithms: [ALGORITHMS.enc],
}
/** Far longer than any sealed text from this service; checked before parsing. */
const MAX_LENGTH = 8192

/** The content of a sealed text. */
export interface Opened {
  readonly value: unknown
  /** Whether the text is sealed with the current key, not the previous key. */
  readonly isCurrent: boolean
}

/**
 * Encrypts small values as compact JWE (RFC 7516) with keys derived from the client secret by HKDF
 * (RFC 5869). Without the secret nobody can read, change or make a sealed text.
 */
export class Sealer {
  /** The current secret first. */
  readonly #secrets: readonly [string, ...string[]]

  /**
   * `previousSecret` opens what was sealed before the client secret changed: records, which the service
   * then reseals, and the addresses owners keep, which stop working without the previous secret.
   */
  constructor(clientSecret: string, previousSecret?: string) {
    this.#secrets = previousSecret === undefined ? [clientSecret] : [clientSecret, previousSecret]
  }

  /** Seals a JSON value with the current key. */
  async seal(purpose: Purpose, value: object): Promise<string> {
    return new CompactEncrypt(Buffer.from(JSON.stringify(value)))
      .setProtectedHeader(ALGORITHMS)
      .encrypt(keyFor(this.#secrets[0], purpose))
  }

  /** Opens a sealed text; undefined if it is damaged, for another purpose or sealed with another key. */
  async open(purpose: Purpose, text: string): Promise<Opened | undefined> {
    if (text.length > MAX_LENGTH || !isCanonical(text)) return undefined
    for (const [index, secret] of this.#secrets.entries()) {
      const plaintext = await decrypted(text, keyFor(secret, purpose))
      if (plaintext !== undefined) {
        return { value: JSON.parse(plaintext.toString()), isCurrent: index === 0 }
      }
    }
    return undefined
  }
}

/**
 * Whether the text is exactly as `seal` writes it. Base64url decoders skip blanks and unused bits in the last
 * character, so several texts would open as the same value.
 */
function isCanonical(text: string): boolean {
  return text
    .split('.')
    .every(part => Buffer.from(part, 'base64url').toString('base64url') === part)
}

/** Returns undefined if the text does not open with this key; the jose error would add no detail. */
async function decrypted(text: string, key: Uint8Array): Promise<Buffer | undefined> {
  try {
    const { plaintext } = await compactDecrypt(text, key, DECRYPT_OPTIONS)
    return Buffer.from(plaintext)
  } catch {
    return undefined
  }
}

function keyFor(secret: string, purpose: Purpose): Uint8Array {
  const info = `playlist-proxy ${purpose}`
  return new Uint8Array(hkdfSync('sha256', secret, new Uint8Array(), info, KEY_BYTES))
}
