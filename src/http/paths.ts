/** The path below which responses have Spotify's format. */
export const MIRROR_ROOT = '/v1'

/** The path below which owners of accounts have their pages. */
export const OWNER_ROOT = '/link'

/** Whether a path is the mirror's root or below it. */
export function isMirrorPath(path: string): boolean {
  return path === MIRROR_ROOT || path.startsWith(`${MIRROR_ROOT}/`)
}
