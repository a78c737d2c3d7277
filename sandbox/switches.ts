import { type Fields, flag, Invalid, maybeOneOf, text, texts } from './fields.ts'

/** Spotify behaviour that a test or the control API can change at any time. */
export interface Switches {
  /**
   * The app's quota mode. In Development Mode `GET /v1/users/{id}/playlists` is forbidden, with any token.
   * https://developer.spotify.com/documentation/web-api/concepts/quota-modes
   */
  mode: 'extended' | 'development'
  /** The redirect URIs in the app settings, compared character by character. */
  redirectUris: string[]
  /** Users removed from the app's allowlist, which exists only in Development Mode. */
  unregistered: string[]
  /** The user signed in to Spotify in the browser. */
  signedIn: string
  /** Whether `/authorize` shows a page with two buttons, or acts at once as if a button had been pressed. */
  consent: 'ask' | 'approve' | 'deny'
  /** Whether a refresh brings a new refresh token, and whether that ends the old one. */
  rotation: 'off' | 'on' | 'kill-old'
  /** Scopes every user token has besides the requested scopes, space-separated. */
  extraScope: string
  /** Whether a token response without scopes has a `scope` member. */
  emptyScope: 'sent' | 'absent'
  /** Whether an entry's `public` is honest, or true even for private playlists. */
  publicFlag: 'honest' | 'always-true'
  /** Whether `/v1/me/playlists` lists private playlists without a scope. */
  leaksPrivate: boolean
}

/** The switches in a new sandbox. */
export function defaultSwitches(): Switches {
  return {
    mode: 'extended',
    redirectUris: [],
    unregistered: [],
    signedIn: 'smedjan',
    consent: 'ask',
    rotation: 'off',
    extraScope: '',
    emptyScope: 'sent',
    publicFlag: 'honest',
    leaksPrivate: false,
  }
}

/**
 * Why Spotify's dashboard refuses a redirect URI; undefined if the dashboard accepts it.
 * https://developer.spotify.com/documentation/web-api/concepts/redirect_uri
 */
export function redirectUriFault(uri: string): string | undefined {
  if (!URL.canParse(uri)) return `${uri} is not a URI`
  const url = new URL(uri)
  if (url.protocol === 'https:') return undefined
  const isLoopback = url.hostname === '127.0.0.1' || url.hostname === '[::1]'
  if (url.protocol === 'http:' && isLoopback) return undefined
  return `${uri} is neither https nor a loopback address`
}

/** Switch names in the control API. */
export const SWITCH_NAMES = [
  'mode',
  'redirect_uris',
  'unregistered',
  'signed_in',
  'consent',
  'rotation',
  'extra_scope',
  'empty_scope',
  'public_flag',
  'leaks_private',
] as const

/** Returns the switches with the changes from a control request; throws Invalid. */
export function changedSwitches(switches: Switches, fields: Fields): Switches {
  const redirectUris = texts(fields, 'redirect_uris') ?? switches.redirectUris
  const fault = redirectUris.map(redirectUriFault).find(found => found !== undefined)
  if (fault !== undefined) throw new Invalid(fault)
  return {
    mode: maybeOneOf(fields, 'mode', ['extended', 'development']) ?? switches.mode,
    redirectUris,
    unregistered: texts(fields, 'unregistered') ?? switches.unregistered,
    signedIn: text(fields, 'signed_in') ?? switches.signedIn,
    consent: maybeOneOf(fields, 'consent', ['ask', 'approve', 'deny']) ?? switches.consent,
    rotation: maybeOneOf(fields, 'rotation', ['off', 'on', 'kill-old']) ?? switches.rotation,
    extraScope: text(fields, 'extra_scope') ?? switches.extraScope,
    emptyScope: maybeOneOf(fields, 'empty_scope', ['sent', 'absent']) ?? switches.emptyScope,
    publicFlag: maybeOneOf(fields, 'public_flag', ['honest', 'always-true']) ?? switches.publicFlag,
    leaksPrivate: flag(fields, 'leaks_private') ?? switches.leaksPrivate,
  }
}

/** Returns the switches as the control API shows them. */
export function switchesReport(switches: Switches): Record<(typeof SWITCH_NAMES)[number], unknown> {
  return {
    mode: switches.mode,
    redirect_uris: switches.redirectUris,
    unregistered: switches.unregistered,
    signed_in: switches.signedIn,
    consent: switches.consent,
    rotation: switches.rotation,
    extra_scope: switches.extraScope,
    empty_scope: switches.emptyScope,
    public_flag: switches.publicFlag,
    leaks_private: switches.leaksPrivate,
  }
}
