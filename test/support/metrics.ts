import type { Service } from './service.ts'

/** The `/metrics` series with their values. */
export async function metricsOf(
  { get }: Pick<Service, 'get'>,
  headers: Record<string, string> = {},
): Promise<Map<string, number>> {
  const { body, statusCode } = await get('/metrics', headers)
  if (statusCode !== 200) throw new Error(`/metrics returned ${statusCode}`)
  const samples = body.split('\n').filter(line => line !== '' && !line.startsWith('#'))
  return new Map(
    samples.map(line => {
      const at = line.lastIndexOf(' ')
      return [line.slice(0, at).replace(/^playlist_proxy_/, ''), Number(line.slice(at + 1))]
    }),
  )
}

/** Values for the series with these names. */
export function some(metrics: Map<string, number>, names: Record<string, number>) {
  return Object.fromEntries(Object.keys(names).map(name => [name, metrics.get(name)]))
}
