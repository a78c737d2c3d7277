/** What is the same in every occurrence of a kind of problem. */
export interface ProblemKind {
  readonly status: number
  readonly title: string
  /** What has happened. */
  readonly meaning: string
  /** What the caller can do. */
  readonly caller: string
  /** What the operator of the service can do. */
  readonly operator: string
}

/** For a caller or operator who can do nothing. */
export const NOTHING = 'Nothing.'
export const RETRY_LATER = 'Retry after the seconds in `Retry-After`.'
