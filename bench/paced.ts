import { Pool } from 'undici'
import { quantile } from './statistics.ts'

const CONNECTIONS = 32

/**
 * Asks for the paths in turn, one every `everyMs` whatever became of those before, until the work is
 * done. Returns the time within which 99 % were answered, in milliseconds from when each was due, so
 * that a server that is blocked does not get out of answering late.
 *
 * @throws {Error} when an answer is not 200.
 */
export async function pacedP99(
  url: string,
  paths: readonly string[],
  everyMs: number,
  work: Promise<unknown>,
): Promise<number> {
  const pool = new Pool(url, { connections: CONNECTIONS })
  const latenciesMs: number[] = []
  const asked: Promise<void>[] = []
  const ask = async (path: string, dueMs: number) => {
    const { statusCode, body } = await pool.request({ path, method: 'GET' })
    await body.dump()
    if (statusCode !== 200) throw new Error(`${path} was answered with ${statusCode}`)
    latenciesMs.push(performance.now() - dueMs)
  }
  const startMs = performance.now()
  const timer = setInterval(() => {
    const due = Math.floor((performance.now() - startMs) / everyMs)
    while (asked.length < due) {
      const nth = asked.length
      asked.push(ask(String(paths[nth % paths.length]), startMs + (nth + 1) * everyMs))
    }
  }, 1)
  try {
    await work
  } finally {
    clearInterval(timer)
    await Promise.all(asked)
    await pool.close()
  }
  return quantile(latenciesMs, 0.99)
}
