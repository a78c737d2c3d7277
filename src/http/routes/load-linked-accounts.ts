import type { LinkedAccountsService, LinkedServiceOptions } from './linked-accounts.ts'

/** Loads linked accounts, including code and packages, only if configured. */
export async function loadLinkedAccounts(
  options: LinkedServiceOptions,
): Promise<LinkedAccountsService | undefined> {
  if (options.config.LINKS_FILE === undefined) return undefined
  const { startLinkedAccounts } = await import('./linked-accounts.ts')
  return startLinkedAccounts(options)
}
