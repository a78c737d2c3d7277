import { type Html, html } from './html.ts'

/** An instant (epoch ms) for people, to the minute: "23 Nov 2026, 14:05 UTC". */
export function instant(epochMs: number): Html {
  const date = new Date(epochMs)
  // "Mon, 23 Nov 2026 14:05:00 GMT"
  const [, day, month, year, time = ''] = date.toUTCString().split(' ')
  return html`<time datetime="${date.toISOString()}">${Number(day)} ${month} ${year}, ${time.slice(0, 5)} UTC</time>`
}
