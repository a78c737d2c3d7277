import type { Group } from './bench.ts'
import { playService } from './day-service.ts'
import { playSimple } from './day-simple.ts'
import { QUOTA, type SpotifyOfTheDay } from './day-spotify.ts'
import type { DayStats } from './day-stats.ts'
import { lookupsOfTheDay } from './day-world.ts'
import type { Metric } from './metric.ts'
import { spreadOf } from './statistics.ts'

/** The default of `CACHE_FRESH_SECONDS`, in milliseconds. */
const LIFETIME_MS = 300_000

interface Played {
  spotify: SpotifyOfTheDay
  stats: DayStats
}

const once = (value: number) => spreadOf([value])
const listed = (kinds: Record<string, number>) =>
  Object.entries(kinds)
    .map(([kind, count]) => `${count} ${kind}`)
    .join(', ')

/** Returns a system's metrics. */
function metricsOf(name: string, { spotify, stats }: Played): Metric[] {
  const group = 'day'
  const failed = `of ${stats.seenBefore}: ${listed(stats.seenBeforeFailed)}; all lookups: ${listed(stats.kinds)}`
  const outdated = `${stats.outdated} responses had a list that had changed`
  return [
    {
      group,
      name: `${name}: users seen before, served`,
      unit: '%',
      ours: once(stats.servedPercent),
      note: failed,
    },
    {
      group,
      name: `${name}: Spotify requests`,
      unit: '',
      ours: once(spotify.requests),
      note: listed(spotify.kinds),
    },
    { group, name: `${name}: age of responses, p50`, unit: 's', ours: once(stats.age(0.5)) },
    {
      group,
      name: `${name}: age of responses, p99`,
      unit: 's',
      ours: once(stats.age(0.99)),
      note: outdated,
    },
  ]
}

/** Plays a day with two incidents and too small a quota, in virtual time. */
export const day: Group = async bench => {
  const lookups = lookupsOfTheDay()
  const [ttl, none] = [playSimple(lookups, LIFETIME_MS), playSimple(lookups, 0)]
  bench.report(`${lookups.length} lookups`)
  const service = await playService(bench, lookups)
  const [served, requests, ...rest] = metricsOf('the service', service) as [Metric, Metric]
  const against = (name: string, most: number): Metric => ({
    ...requests,
    reference: { name, ...once(most) },
    ratio: once(service.spotify.requests / most),
    threshold: { atMost: 1 },
  })
  return [
    { ...served, threshold: { atLeast: 99.9 } },
    against('a TTL cache', ttl.spotify.requests),
    against('the quota', QUOTA),
    ...rest,
    ...metricsOf('a TTL cache', ttl),
    ...metricsOf('no cache', none),
  ]
}
