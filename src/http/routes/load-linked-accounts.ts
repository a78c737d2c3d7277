import type { LinkedAccountsService, LinkedServiceOptions } from './linked-accounts.ts'

/** Loads linked accounts, with their code and its packages, only if they are configured. */
export async function loadLinkedAccounts(
  options: LinkedServiceOptions,
): Promise<LinkedAccountsService | undefined> {
  if (options.config.LINKS_FILE === undefined) return undefined
  const { startLinkedAccounts } = await import('./linked-accounts.ts')
  return startLinkedAccounts(options)
}
