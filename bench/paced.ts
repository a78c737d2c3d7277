import { Pool } from 'undici'
import { quantile } from './statistics.ts'

const CONNECTIONS = 32

/**
 * Requests a path every `everyMs`, in turn, without waiting for responses, until the work is done. Returns the
 * p99 response time in milliseconds, counted from when each request was due: a blocked server cannot hide the
 * delay.
 *
 * @throws {Error} if a response is not 200.
 */
export async function pacedP99(
  url: string,
  paths: readonly string[],
  everyMs: number,
  work: Promise<unknown>,
): Promise<number> {
  const pool = new Pool(url, { connections: CONNECTIONS })
  const latenciesMs: number[] = []
  const requests: Promise<void>[] = []
  const request = async (path: string, dueMs: number) => {
    const { statusCode, body } = await pool.request({ path, method: 'GET' })
    await body.dump()
    if (statusCode !== 200) throw new Error(`${path} returned ${statusCode}`)
    latenciesMs.push(performance.now() - dueMs)
  }
  const startMs = performance.now()
  const timer = setInterval(() => {
    const due = Math.floor((performance.now() - startMs) / everyMs)
    while (requests.length < due) {
      const nth = requests.length
      requests.push(request(String(paths[nth % paths.length]), startMs + (nth + 1) * everyMs))
    }
  }, 1)
  try {
    await work
  } finally {
    clearInterval(timer)
    await Promise.all(requests)
    await pool.close()
  }
  return quantile(latenciesMs, 0.99)
}
