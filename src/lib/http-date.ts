const DAY = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)'
const LONG_DAY = '(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day'
const MONTH = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)'
const TIME = '\\d\\d:\\d\\d:\\d\\d'

const IMF_FIXDATE = `${DAY}, \\d\\d ${MONTH} \\d{4} ${TIME} GMT`
const RFC_850 = `${LONG_DAY}, \\d\\d-${MONTH}-\\d\\d ${TIME} GMT`
const ASCTIME = `${DAY} ${MONTH} [ \\d]\\d ${TIME} \\d{4}`

const HTTP_DATE = new RegExp(`^(?:${IMF_FIXDATE}|${RFC_850}|${ASCTIME})$`)

/**
 * Parses a date in any RFC 9110 5.6.7 format to epoch milliseconds. Returns undefined for any other text,
 * even if `Date.parse` accepts it. Two-digit years from 00 to 49 are in this century.
 */
export function httpDate(field: string): number | undefined {
  if (!HTTP_DATE.test(field)) return undefined
  // The asctime format has no time zone and is also in UTC.
  const instant = Date.parse(field.endsWith('GMT') ? field : `${field} GMT`)
  return Number.isNaN(instant) ? undefined : instant
}

/** Returns a function that formats instants (epoch ms) according to RFC 9110 5.6.7, once per second. */
export function httpDates(): (now: number) => string {
  let second = Number.NaN
  let date = ''
  return now => {
    const nowSecond = Math.floor(now / 1000)
    if (nowSecond !== second) {
      second = nowSecond
      date = new Date(now).toUTCString()
    }
    return date
  }
}
