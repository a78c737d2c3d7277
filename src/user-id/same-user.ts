/**
 * Whether two decoded ids name the same user. Spotify does not always send an id in the case and the
 * Unicode normalisation in which the caller sent it.
 */
export function isSameUser(left: string, right: string): boolean {
  return comparable(left) === comparable(right)
}

/** Converts to lower case first, since that can produce characters that normalisation then composes. */
function comparable(id: string): string {
  return id.toLowerCase().normalize()
}
