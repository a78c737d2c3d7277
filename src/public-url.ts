/**
 * The path that a proxy in front of this service adds, as `PUBLIC_URL` names it: empty, or with a
 * slash at its beginning and none at its end.
 */
export function basePathOf(publicUrl: string | undefined): string {
  return publicUrl === undefined ? '' : new URL(publicUrl).pathname.replace(/\/+$/, '')
}
