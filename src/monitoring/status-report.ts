import type { ResponseCache } from '../cache/response-cache.ts'
import type { Status } from '../http/openapi/status-schema.ts'
import { version } from '../lib/version.ts'
import { type Diagnosis, diagnosisOf } from '../spotify/gate/diagnosis.ts'
import type { Gate } from '../spotify/gate/gate.ts'
import type { RequestBudget } from '../spotify/gate/request-quota.ts'
import type { TokenKeeper } from '../spotify/token-keeper.ts'

/** What `/status` and the metrics report on. */
export interface StatusSources {
  /** Epoch milliseconds. */
  startedAt: number
  isDraining: () => boolean
  tokens: Pick<TokenKeeper, 'status'>
  gate: Pick<Gate, 'status'>
  budget: Pick<RequestBudget, 'spent' | 'limit'>
  cache: Pick<ResponseCache<never>, 'status'>
  sharedState: () => Status['shared_cache']['state']
  /** Linked accounts, if enabled. */
  links: { status(): NonNullable<Status['links']> } | undefined
}

/** Builds the `/status` body. */
export function serviceStatus(sources: StatusSources): Status {
  const { startedAt, isDraining, tokens, budget } = sources
  const { failure, ...token } = tokens.status
  const gate = sources.gate.status()
  const cache = sources.cache.status
  const diagnosis: Diagnosis | undefined =
    gate.diagnosis ?? (failure === undefined ? undefined : diagnosisOf(failure))
  // Without a token, no request passes even an open gate.
  const isWithoutToken = gate.state === 'open' && token.state !== 'valid' && failure !== undefined
  return {
    service: { version, started_at: new Date(startedAt).toISOString(), draining: isDraining() },
    token: { state: token.state, expires_at: isoOrNull(token.expiresAt) },
    spotify: {
      gate: isWithoutToken ? 'paused' : gate.state,
      reason: (isWithoutToken ? diagnosis : gate.diagnosis)?.name ?? null,
      paused_until: isoOrNull(isWithoutToken ? failure.retryAt : gate.pausedUntil),
      diagnosis: diagnosis?.name ?? 'ok',
      remedy: diagnosis?.remedy ?? null,
      requests_24h: budget.spent,
      budget: budget.limit ?? null,
      in_flight: gate.inFlight,
      queued: gate.queued,
    },
    cache: {
      entries: cache.entries,
      bytes: cache.bytes,
      max_bytes: cache.maxBytes,
      hits: cache.hit,
      stale_hits: cache.stale + cache['stale-if-error'],
      misses: cache.miss + cache.revalidated + cache.failed,
      collapsed: cache.collapsed,
    },
    shared_cache: { state: sources.sharedState() },
    ...(sources.links === undefined ? {} : { links: sources.links.status() }),
  }
}

function isoOrNull(epochMs: number | undefined): string | null {
  return epochMs === undefined ? null : new Date(epochMs).toISOString()
}
