import { type Html, html } from './html.ts'

const SECOND_MS = 1000
const MINUTE_MS = 60_000

/** Formats an instant (epoch ms) for people, to the minute: "23 Nov 2026, 14:05 UTC". */
export function instant(epochMs: number): Html {
  // "Mon, 23 Nov 2026 14:05:00 GMT"
  const [, day, month, year, time = ''] = new Date(epochMs).toUTCString().split(' ')
  return timeOf(epochMs, `${Number(day)} ${month} ${year}, ${time.slice(0, 5)} UTC`)
}

/** The first full minute at or after an instant (epoch ms). */
export function minuteAfter(epochMs: number): Html {
  return instant(Math.ceil(epochMs / MINUTE_MS) * MINUTE_MS)
}

/** The first full second at or after an instant (epoch ms) in the next minutes: "14:05:07 UTC". */
export function secondAfter(epochMs: number): Html {
  const rounded = Math.ceil(epochMs / SECOND_MS) * SECOND_MS
  return timeOf(rounded, `${new Date(rounded).toISOString().slice(11, 19)} UTC`)
}

function timeOf(epochMs: number, text: string): Html {
  return html`<time datetime="${new Date(epochMs).toISOString()}">${text}</time>`
}
