import { decodeHTML } from 'entities'
import { member } from '../../lib/member.ts'

/**
 * Returns the value if it is a string with at least one visible character, else undefined: a link with
 * invisible text cannot be seen.
 */
export function visibleText(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined
  return /[^\s\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/u.test(value) ? value : undefined
}

/** Removes bidirectional controls, which reorder later text (https://www.unicode.org/reports/tr9/). */
export function withoutBidiControls(text: string): string {
  return text.replace(/\p{Bidi_Control}/gu, '')
}

/**
 * Converts a description to text: Spotify sends character references and links as HTML. The result is plain
 * text, which can contain `<`; undefined without visible text.
 */
export function plainText(description: unknown): string | undefined {
  if (typeof description !== 'string') return undefined
  return visibleText(decodeHTML(description.replace(/<\/?[a-z][^<>]*>/gi, '')))
}

/**
 * Returns the value if it is an https URL on a Spotify host, without user name, password or port, else
 * undefined.
 */
export function spotifyUrl(value: unknown): string | undefined {
  const url = urlOf(value)
  if (url?.protocol !== 'https:' || !/(?:^|\.)spotify\.com$/.test(url.host)) return undefined
  return url.username === '' && url.password === '' ? url.href : undefined
}

/** Pages show covers some 150 to 250 CSS pixels wide, on screens with up to two device pixels for each. */
const COVER_PIXELS = 300

/** Returns the URL of the smallest image that is large enough, else of the first; undefined without images. */
export function coverUrl(images: unknown): string | undefined {
  if (!Array.isArray(images)) return undefined
  const covers = images.flatMap(image => {
    const url = urlOf(member(image, 'url'))
    const width = member(image, 'width')
    if (url === undefined || !/^https?:$/.test(url.protocol)) return []
    return [{ url: url.href, width: typeof width === 'number' ? width : 0 }]
  })
  const large = covers.filter(({ width }) => width >= COVER_PIXELS)
  large.sort((a, b) => a.width - b.width)
  return (large[0] ?? covers[0])?.url
}

function urlOf(value: unknown): URL | undefined {
  return typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined
}
