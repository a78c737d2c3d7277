/** Why the links file cannot be used, in one sentence for the operator. */
export class LinkFileError extends Error {
  constructor(path: string, reason: string) {
    super(`LINKS_FILE ${path} ${reason}.`)
    this.name = 'LinkFileError'
  }
}
