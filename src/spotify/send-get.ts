import type { Clock } from '../lib/clock.ts'
import type { Gate, PassOptions } from './gate/gate.ts'
import type { RequestBudget } from './gate/request-quota.ts'
import type { RequestObserver } from './request-observer.ts'
import type { SendOptions, SpotifyResponse, Transport } from './transport.ts'

/** What all Web API requests share. */
export interface WebApi {
  transport: Transport
  /** The Web API path on the transport's origin, without a trailing slash. */
  basePath: string
  userAgent: string
  gate: Gate
  budget: Pick<RequestBudget, 'reserve'>
  clock: Clock
  observe: RequestObserver
}

/** How a GET request is sent. */
export interface GetOptions extends Pick<PassOptions, 'signal' | 'isRevalidation'> {
  token: string
  /** Called just before the request is sent, and before it is resent. */
  onRequest: () => void
}

/**
 * Sends a GET request to the Web API, once the gate has let it pass. If a dead connection loses the request,
 * resends it once, unless the gate is paused or the signal has aborted.
 *
 * @throws {Problem} as the transport, and `quota-budget-spent` if the budget allows no second request.
 */
export function sendGet(
  { transport, basePath, userAgent, gate, budget }: WebApi,
  path: string,
  { token, signal, isRevalidation, onRequest }: GetOptions,
  sendOptions: Pick<SendOptions, 'onRead'> = {},
): Promise<SpotifyResponse> {
  const headers = {
    accept: 'application/json',
    'accept-encoding': 'gzip',
    authorization: `Bearer ${token}`,
    'user-agent': userAgent,
  }
  onRequest()
  return transport.send({ method: 'GET', path: basePath + path, headers }, signal, {
    ...sendOptions,
    async mayResend() {
      // The gate does not see the second request, so the budget counts it here.
      const refund = await budget.reserve(isRevalidation)
      if (signal.aborted || gate.status().state === 'paused') {
        refund()
        return false
      }
      onRequest()
      return true
    },
  })
}
