/** Percent-encodes a text, including the punctuation that `encodeURIComponent` does not encode. */
export function percentEncoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[.!~*'()]/g,
    character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
