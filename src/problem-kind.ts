/** What is to be known about one kind of problem before the single case is looked at. */
export interface ProblemKind {
  readonly status: number
  readonly title: string
  /** What has happened. */
  readonly meaning: string
  /** What whoever sent the request can do. */
  readonly caller: string
  /** What whoever runs this service can do. */
  readonly operator: string
}

/** For the part of whoever can do nothing. */
export const NOTHING = 'Nothing.'
export const ASK_LATER = 'Ask again after the seconds in `Retry-After`.'
