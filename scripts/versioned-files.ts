/** The files that repeat the package version, and the text before it. */
const COPIES: Record<string, RegExp> = {
  Dockerfile: /^ARG VERSION=/m,
  'deploy/kubernetes/base/deployment.yaml': /^ +image: playlist-proxy:/m,
}
const UNRELEASED = /^## Unreleased$/m

/**
 * Returns the files changed in a release, by path: files with a copy of the version, and the changelog, where
 * the Unreleased section gets the version and the date.
 *
 * @param date such as 2026-12-01
 * @param read returns the text of a file
 * @throws if a file has no place for the version
 */
export function versionedFiles(
  version: string,
  date: string,
  read: (path: string) => string,
): Record<string, string> {
  const replace = (path: string, place: RegExp, text: string) => {
    const before = read(path)
    if (!place.test(before)) throw new Error(`${path} has no line that matches ${place}`)
    return [path, before.replace(place, text)]
  }
  return Object.fromEntries([
    ...Object.entries(COPIES).map(([path, { source }]) =>
      replace(path, new RegExp(`(${source}).*$`, 'm'), `$1${version}`),
    ),
    replace('CHANGELOG.md', UNRELEASED, `## ${version} (${date})`),
  ])
}
