import type { Group } from './bench.ts'
import { playService } from './day-service.ts'
import { playSimple } from './day-simple.ts'
import { QUOTA, type SpotifyOfTheDay } from './day-spotify.ts'
import type { DayTally } from './day-tally.ts'
import { lookupsOfTheDay } from './day-world.ts'
import type { Figure } from './figure.ts'
import { spreadOf } from './statistics.ts'

/** `CACHE_FRESH_SECONDS` by default. */
const LIFETIME_MS = 300_000

interface Played {
  spotify: SpotifyOfTheDay
  tally: DayTally
}

const once = (value: number) => spreadOf([value])
const listed = (kinds: Record<string, number>) =>
  Object.entries(kinds)
    .map(([kind, count]) => `${count} ${kind}`)
    .join(', ')

/** What can be said of a system alone. */
function figuresOf(name: string, { spotify, tally }: Played): Figure[] {
  const group = 'day'
  const failed = `of ${tally.seenBefore}: ${listed(tally.seenBeforeFailed)}; all lookups: ${listed(tally.kinds)}`
  const outdated = `${tally.outdated} answers were of a list that had changed`
  return [
    {
      group,
      name: `${name}: users seen before, answered 200`,
      unit: '%',
      ours: once(tally.answeredPercent),
      note: failed,
    },
    {
      group,
      name: `${name}: Spotify requests`,
      unit: '',
      ours: once(spotify.requests),
      note: listed(spotify.kinds),
    },
    { group, name: `${name}: age of answers, p50`, unit: 's', ours: once(tally.age(0.5)) },
    {
      group,
      name: `${name}: age of answers, p99`,
      unit: 's',
      ours: once(tally.age(0.99)),
      note: outdated,
    },
  ]
}

/** A day with two incidents and a quota that does not suffice, in virtual time. */
export const day: Group = async bench => {
  const lookups = lookupsOfTheDay()
  const [ttl, none] = [playSimple(lookups, LIFETIME_MS), playSimple(lookups, 0)]
  bench.say(`${lookups.length} lookups`)
  const service = await playService(bench, lookups)
  const [answered, requests, ...rest] = figuresOf('the service', service) as [Figure, Figure]
  const against = (name: string, most: number): Figure => ({
    ...requests,
    reference: { name, ...once(most) },
    ratio: once(service.spotify.requests / most),
    bar: { atMost: 1 },
  })
  return [
    { ...answered, bar: { atLeast: 99.9 } },
    against('a TTL cache', ttl.spotify.requests),
    against('the quota', QUOTA),
    ...rest,
    ...figuresOf('a TTL cache', ttl),
    ...figuresOf('no cache', none),
  ]
}
