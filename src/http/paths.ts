/** The root path for responses in Spotify's format. */
export const MIRROR_ROOT = '/v1'

/** The root path for the account owners' pages. */
export const OWNER_ROOT = '/link'

/** Whether a path is the mirror root or below it. */
export function isMirrorPath(path: string): boolean {
  return path === MIRROR_ROOT || path.startsWith(`${MIRROR_ROOT}/`)
}
