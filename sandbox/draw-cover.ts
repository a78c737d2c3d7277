import { createHash } from 'node:crypto'

/** A mosaic has four tiles, an upload has one picture. */
export type CoverKind = 'mosaic' | 'upload'

/** A cover's colours, each contrasting with the others. */
type Palette = readonly [string, string, string, string]

const PALETTES = [
  ['#22333b', '#eae0d5', '#c6795b', '#e3b36b'],
  ['#264653', '#f4ead5', '#2a9d8f', '#e9c46a'],
  ['#3d405b', '#f4f1de', '#e07a5f', '#81b29a'],
  ['#2b2d42', '#edf2f4', '#8d99ae', '#d9695f'],
  ['#5f4b66', '#f3e9dc', '#a7a5c6', '#dfa06e'],
  ['#335c67', '#fff3d6', '#e09f3e', '#a8483f'],
  ['#344e41', '#e6e4d5', '#7f9c72', '#d9a566'],
  ['#1d3557', '#f1faee', '#7fb2c4', '#d9606a'],
] as const satisfies readonly Palette[]

/** The side length of a tile; a cover is twice as wide and high. */
const TILE = 300
const SIDE = 2 * TILE

/**
 * Tile shapes in two colours. They reach slightly beyond the sides: where two shapes only touch, a browser lets
 * the ground show through.
 */
const MOTIFS: readonly ((a: string, b: string) => string)[] = [
  (a, b) =>
    `<path d="M-1-1H300A301 301 0 0 1-1 300Z" fill="${a}"/><path d="M-1-1H150A151 151 0 0 1-1 150Z" fill="${b}"/>`,
  (a, b) =>
    `<circle cx="150" cy="150" r="110" fill="${a}"/><circle cx="150" cy="150" r="45" fill="${b}"/>`,
  (a, b) =>
    `<path d="M0 150A150 150 0 0 1 300 150Z" fill="${a}"/><path d="M0 300A150 150 0 0 1 300 300V301H0Z" fill="${b}"/>`,
  a => `<path d="M0 0A300 300 0 0 1 300 300A300 300 0 0 1 0 0Z" fill="${a}"/>`,
  a => `<path d="M-1 50H301M-1 150H301M-1 250H301" stroke="${a}" stroke-width="50"/>`,
  (a, b) =>
    `<path d="M-1 301L301-1V301Z" fill="${a}"/><circle cx="85" cy="85" r="50" fill="${b}"/>`,
]

/**
 * Draws a cover as SVG, `pixels` wide and high. The picture depends only on the name, so each playlist has the
 * same cover in every size, in every run and on every machine.
 */
export function drawCover(kind: CoverKind, name: string, pixels: number): string {
  const digest = createHash('sha256').update(name).digest()
  const palette = PALETTES[digest.readUInt8(0) % PALETTES.length] as Palette
  const drawing = kind === 'mosaic' ? mosaic(palette, digest) : landscape(palette, digest)
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${pixels}" height="${pixels}" viewBox="0 0 ${SIDE} ${SIDE}">${drawing}</svg>`
}

/** Four tiles with different grounds. */
function mosaic(palette: Palette, digest: Buffer): string {
  const tiles = [0, 1, 2, 3].map(nth => {
    const motif = MOTIFS[digest.readUInt8(1 + nth) % MOTIFS.length] as (typeof MOTIFS)[number]
    const color = (by: number) => String(palette[(nth + digest.readUInt8(5) + by) % palette.length])
    const [x, y] = [(nth % 2) * TILE, Math.floor(nth / 2) * TILE]
    const turn = 90 * (digest.readUInt8(6 + nth) % 4)
    const shapes = motif(color(1), color(2))
    return `<g transform="translate(${x} ${y})"><path d="M0 0H${TILE}V${TILE}H0Z" fill="${color(0)}" shape-rendering="crispEdges"/><g transform="rotate(${turn} 150 150)">${shapes}</g></g>`
  })
  return tiles.join('')
}

/** A sun above two hills. */
function landscape([dark, light, far, near]: Palette, digest: Buffer): string {
  const isNight = digest.readUInt8(1) % 3 === 0
  const [sky, sun] = isNight ? [dark, light] : [light, near]
  const hill = isNight ? near : dark
  const between = (nth: number, min: number, max: number) =>
    Math.round(min + ((max - min) * digest.readUInt8(nth)) / 255)
  return [
    `<path d="M0 0H${SIDE}V${SIDE}H0Z" fill="${sky}"/>`,
    `<circle cx="${between(2, 150, 450)}" cy="${between(3, 140, 260)}" r="${between(4, 70, 130)}" fill="${sun}"/>`,
    `<path d="M0 ${between(5, 300, 420)}C150 ${between(6, 200, 320)} 400 ${between(7, 380, 520)} 600 ${between(8, 300, 420)}V600H0Z" fill="${far}"/>`,
    `<path d="M0 ${between(9, 430, 520)}C200 ${between(10, 500, 580)} 400 ${between(11, 330, 450)} 600 ${between(12, 430, 520)}V600H0Z" fill="${hill}"/>`,
  ].join('')
}
