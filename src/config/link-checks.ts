import { resolve } from 'node:path'
import { temporaryPath } from '../lib/files.ts'
import { parseApiKeys } from './api-keys.ts'
import { redirectUriFault, redirectUriOf } from './redirect-uri.ts'
import type { Config } from './schema.ts'

/** Variables only used by linked accounts, without a default. */
const ONLY_WITH_LINKS = [
  'ADMIN_KEYS',
  'LINKS_REDIRECT_URI',
  'LINKS_PRIVACY_URL',
  'LINKS_PREVIOUS_CLIENT_SECRET',
] as const satisfies (keyof Config)[]

/** Cross-checks the variables for linked accounts. Returns one sentence per fault, without values. */
export function linkFaults(config: Config): string[] {
  if (config.LINKS_FILE === undefined) {
    const useless = ONLY_WITH_LINKS.filter(name => config[name] !== undefined)
    return useless.map(name => `${name}: set, but linked accounts need LINKS_FILE, too`)
  }
  const faults: string[] = []
  const { SHARED_CACHE_URL, CACHE_SNAPSHOT_FILE } = config
  if (SHARED_CACHE_URL !== undefined) {
    faults.push(
      'LINKS_FILE: not together with SHARED_CACHE_URL; linked accounts work with one instance only',
    )
  }
  if (CACHE_SNAPSHOT_FILE !== undefined && doClash(config.LINKS_FILE, CACHE_SNAPSHOT_FILE)) {
    faults.push(
      'LINKS_FILE: the same file as CACHE_SNAPSHOT_FILE, or one that the service makes beside it (.tmp, .lock); choose another one',
    )
  }
  return [...faults, ...adminKeyFaults(config), ...redirectUriFaults(config)]
}

/** Whether any of the links file, its locks, the snapshot and their temporary files share a name. */
function doClash(linksFile: string, snapshotFile: string): boolean {
  const [links, snapshot] = [resolve(linksFile), resolve(snapshotFile)]
  const isTemporary = snapshot === temporaryPath(links) || temporaryPath(snapshot) === links
  return snapshot === links || isTemporary || snapshot.startsWith(`${links}.lock`)
}

function adminKeyFaults({ ADMIN_KEYS, API_KEYS }: Config): string[] {
  if (ADMIN_KEYS === undefined) {
    return ['ADMIN_KEYS: missing; LINKS_FILE needs it, so that not everybody can invite and unlink']
  }
  const { keys, faults } = parseApiKeys(ADMIN_KEYS)
  const callers = parseApiKeys(API_KEYS).keys
  const isTwice = keys.some(({ name, digest }) =>
    callers.some(caller => caller.name === name || caller.digest === digest),
  )
  if (isTwice) {
    faults.push(
      'a name or a key is also in API_KEYS; remove it there, since admin keys are API keys',
    )
  }
  return faults.map(fault => `ADMIN_KEYS: ${fault}`)
}

function redirectUriFaults(config: Config): string[] {
  const uri = redirectUriOf(config)
  if (uri === undefined) {
    return ['LINKS_REDIRECT_URI: missing; with PORT=0 the service cannot know its own address']
  }
  const fault = redirectUriFault(uri)
  if (fault === undefined) return []
  const isOwn = config.LINKS_REDIRECT_URI !== undefined
  return [
    `LINKS_REDIRECT_URI: ${isOwn ? '' : 'missing, and the one below PUBLIC_URL fails: '}${fault}`,
  ]
}
