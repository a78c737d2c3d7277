import type { LinkedAccountsService, LinkedServiceOptions } from './linked-accounts.ts'

/** Linked accounts, if they are configured. Only then their code and its packages are loaded. */
export async function loadLinkedAccounts(
  options: LinkedServiceOptions,
): Promise<LinkedAccountsService | undefined> {
  if (options.config.LINKS_FILE === undefined) return undefined
  const { startLinkedAccounts } = await import('./linked-accounts.ts')
  return startLinkedAccounts(options)
}
