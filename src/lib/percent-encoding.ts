/** The text percent-encoded, with the punctuation that `encodeURIComponent` leaves as it is. */
export function percentEncoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[.!~*'()]/g,
    character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
