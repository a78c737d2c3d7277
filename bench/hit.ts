import type { Bench, Group } from './bench.ts'
import { conditional, type HitLab, KEYS, startHitLab, wholeLists } from './hit-lab.ts'
import { listOf, usersNamed } from './lists.ts'
import type { Metric, Threshold } from './metric.ts'
import { type Comparison, type Contender, compare } from './slices.ts'
import { quantile } from './statistics.ts'
import type { Checked } from './targets.ts'

const GZIP = { 'accept-encoding': 'gzip' }
const KB = 1024
/** `/v1` windows: how many users, list length and window length. */
const WINDOW = { users: 25, playlists: 2000, size: 50 }
const API_KEYS = Array.from({ length: 20 }, (_, nth) => `caller${nth}:${'k'.repeat(40)}${nth}`)
const LAST_KEY = String(API_KEYS.at(-1)?.split(':')[1])
/** High enough to never refuse a request. */
const CALLER_LIMIT = '1000000'

function metric(
  name: string,
  reference: string,
  compared: Comparison,
  threshold: Threshold,
): Metric {
  const { ours, ratio, othersShare, busyShare } = compared
  return {
    group: 'hit',
    name,
    unit: 'us CPU',
    ours,
    reference: { ...compared.reference, name: reference },
    ratio,
    threshold,
    othersShare,
    busyShare,
  }
}

/** Returns the median response length. */
function usualBytes({ checked }: { checked: readonly Checked[] }): number {
  const lengths = checked.map(({ bytes }) => bytes)
  return Math.round(quantile(lengths, 0.5))
}

/** Measures whole lists at a given size, in all representations. */
async function ofSize(bench: Bench, lab: HitLab, kilobytes: number, atLeast: number) {
  const targets = wholeLists(lab, kilobytes * KB)
  const server = await lab.service()
  const filled = await lab.filled(server, targets)
  const bytes = usualBytes(filled)
  const plain = await lab.plain(targets, bytes)
  const against = `plain 200 of ${kilobytes} KB`
  const measure = async (name: string, ours: Contender, threshold: number) => {
    bench.report(name)
    return metric(name, against, await compare(ours, plain, bench.plan), { atLeast: threshold })
  }
  const metrics = [await measure(`${kilobytes} KB identity`, filled.contender, atLeast)]
  if (kilobytes === 25) {
    const zipped = targets.map(target => ({ ...target, headers: GZIP }))
    const gzipped = await lab.filled(server, zipped)
    metrics.push(await measure('25 KB gzip', gzipped.contender, 1))
    metrics.push(await measure('25 KB 304', await conditional(filled, targets), 1.3))
  }
  await server.stop()
  return metrics
}

/** Compares windows of long lists, as Spotify clients request them, with whole lists as long as the window. */
async function windows(bench: Bench, lab: HitLab): Promise<Metric> {
  bench.report('/v1 windows')
  const collectors = usersNamed('collector', WINDOW.users)
  for (const user of collectors) lab.sandbox.setUser(user, listOf(user, WINDOW.playlists))
  const fifties = usersNamed('fifty', KEYS)
  for (const user of fifties) lab.sandbox.setUser(user, listOf(user, WINDOW.size))
  const offsets = Array.from({ length: KEYS / WINDOW.users }, (_, nth) => nth * WINDOW.size)
  const server = await lab.service()
  const cut = await lab.filled(
    server,
    offsets.flatMap(offset =>
      collectors.map(user => ({
        path: `/v1/users/${user}/playlists?limit=${WINDOW.size}&offset=${offset}`,
        playlists: WINDOW.size,
      })),
    ),
  )
  const whole = await lab.filled(
    server,
    fifties.map(user => ({ path: `/users/${user}/playlists`, playlists: WINDOW.size })),
  )
  const compared = await compare(cut.contender, whole.contender, bench.plan)
  await server.stop()
  return metric('/v1 window of 50 of 2000', 'whole list of 50', compared, { atLeast: 0.6 })
}

/** Compares browser pages of 50 with JSON of the same size: a page can cost up to 1.2 times as much. */
async function pages(bench: Bench, lab: HitLab): Promise<Metric> {
  bench.report('page of 50')
  const readers = usersNamed('reader', KEYS)
  for (const user of readers) lab.sandbox.setUser(user, listOf(user, WINDOW.size))
  const server = await lab.service()
  const html = await lab.filled(
    server,
    readers.map(user => ({
      path: `/users/${user}/playlists?format=html`,
      playlists: WINDOW.size,
      isPage: true,
    })),
  )
  const bytes = usualBytes(html)
  const json = await lab.filled(server, wholeLists(lab, bytes))
  const compared = await compare(html.contender, json.contender, bench.plan)
  await server.stop()
  const reference = `JSON of ${Math.round(bytes / KB)} KB`
  return metric('page of 50 as HTML', reference, compared, { atLeast: 0.84 })
}

/** Each process keeps its own speed for life, so a single pair says little. */
const PAIRS_OF_PROCESSES = 5

/** Compares several process pairs. For each comparison, the pair with the median ratio counts. */
async function medianPairs(
  bench: Bench,
  name: string,
  comparePair: () => Promise<Record<string, Comparison>>,
): Promise<Record<string, Comparison>> {
  const pairs: Record<string, Comparison>[] = []
  for (let nth = 1; nth <= PAIRS_OF_PROCESSES; nth++) {
    bench.report(`${name}, pair ${nth} of processes`)
    pairs.push(await comparePair())
  }
  const medianOf = (key: string) => {
    const compared = pairs.map(pair => pair[key] as Comparison)
    compared.sort((one, other) => one.ratio.median - other.ratio.median)
    return compared[Math.floor(compared.length / 2)] as Comparison
  }
  return Object.fromEntries(Object.keys(pairs[0] ?? {}).map(key => [key, medianOf(key)]))
}

/** Compares hits with and without an option. */
async function withOption(
  bench: Bench,
  lab: HitLab,
  name: string,
  environment: Record<string, string>,
  headers: Record<string, string>,
  atLeast: number,
): Promise<Metric> {
  const [on, off] = [wholeLists(lab, 2 * KB, headers), wholeLists(lab, 2 * KB)]
  const { option } = await medianPairs(bench, name, async () => {
    const without = await lab.service()
    const withIt = await lab.service(environment)
    const compared = await compare(
      (await lab.filled(withIt, on)).contender,
      (await lab.filled(without, off)).contender,
      bench.plan,
    )
    await Promise.all([without.stop(), withIt.stop()])
    return { option: compared }
  })
  return metric(name, 'the same without', option as Comparison, { atLeast })
}

/** Compares hits with a hand-written, bare Fastify route that sends the same responses. */
async function againstBareFastify(bench: Bench, lab: HitLab, kilobytes: number): Promise<Metric[]> {
  const targets = wholeLists(lab, kilobytes * KB)
  const reference = `bare Fastify, ${kilobytes} KB`
  const compared = await medianPairs(bench, reference, async () => {
    const service = await lab.service()
    const filled = await lab.filled(service, targets)
    const bare = await lab.bare(filled.contender, targets)
    const pair: Record<string, Comparison> = {
      identity: await compare(filled.contender, bare, bench.plan),
    }
    if (kilobytes === 25) {
      pair.notModified = await compare(
        await conditional(filled, targets),
        await conditional({ ...filled, contender: bare }, targets),
        bench.plan,
      )
      const zipped = targets.map(target => ({ ...target, headers: GZIP }))
      const { contender } = await lab.filled(service, zipped)
      pair.gzip = await compare(contender, filled.contender, bench.plan)
    }
    await Promise.all([service.stop(), bare.server.stop()])
    return pair
  })
  const { identity, notModified, gzip } = compared
  const metrics = [
    metric(`${kilobytes} KB identity`, reference, identity as Comparison, { atLeast: 1 }),
  ]
  if (notModified !== undefined) {
    metrics.push(metric('25 KB 304', 'bare Fastify, 304', notModified, { atLeast: 0.9 }))
  }
  if (gzip !== undefined) {
    metrics.push(metric('25 KB gzip', 'the same as identity', gzip, { atLeast: 1.15 }))
  }
  return metrics
}

/** Measures CPU time per hit. */
export const hit: Group = async bench => {
  const lab = await startHitLab(bench)
  const authorization = { authorization: `Bearer ${LAST_KEY}` }
  const apiKeys = { API_KEYS: API_KEYS.join(',') }
  const limit = { CALLER_REQUESTS_PER_MINUTE: CALLER_LIMIT }
  return [
    ...(await ofSize(bench, lab, 2, 0.8)),
    ...(await ofSize(bench, lab, 25, 0.78)),
    ...(await ofSize(bench, lab, 120, 0.85)),
    ...(await againstBareFastify(bench, lab, 2)),
    ...(await againstBareFastify(bench, lab, 25)),
    ...(await againstBareFastify(bench, lab, 120)),
    await windows(bench, lab),
    await pages(bench, lab),
    await withOption(bench, lab, '2 KB, API keys on', apiKeys, authorization, 0.95),
    await withOption(bench, lab, '2 KB, caller limit on', limit, {}, 0.9),
  ]
}
