/**
 * Whether two decoded ids name the same user. Spotify does not always send the letters and the Unicode
 * normalisation that a caller sends.
 */
export function isSameUser(left: string, right: string): boolean {
  return comparable(left) === comparable(right)
}

/** Lower case first, since it can make characters that a normalisation composes. */
function comparable(id: string): string {
  return id.toLowerCase().normalize()
}
