/** Percent-encodes a text, including the punctuation `encodeURIComponent` leaves alone. */
export function percentEncoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[.!~*'()]/g,
    character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
