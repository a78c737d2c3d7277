/** What Spotify, networks and advertisers add to links to learn who passed them on. */
const TRACKING = new RegExp(
  [
    '^(?:amp;)?(?:si|dlsi|nd|pt|pi|go|context|product|flow_ctx|dl_branch|app_destination|locale',
    'autoplay|feature|referral|ref|ref_src|fbclid|gclid|dclid|[gw]braid|msclkid|ttclid|twclid|yclid',
    String.raw`igsh|igshid|mc_[ce]id|_g[al]|_branch_\w+|utm_\w+|sp_\w+)=`,
  ].join('|'),
  'i',
)

/**
 * The text without the queries at its end that hold nothing but tracking parameters, and without
 * fragments of such a kind. Other queries stay, since old names hold question marks and ampersands.
 */
export function withoutTracking(text: string): string {
  let rest = text.replace(/#(?::~:text=.*|_=_)$/s, '')
  for (let start = rest.lastIndexOf('?'); start !== -1; start = rest.lastIndexOf('?')) {
    const parameters = rest.slice(start + 1).split('&')
    if (!parameters.every(isTracking)) return rest
    rest = rest.slice(0, start)
  }
  for (let start = rest.lastIndexOf('&'); start !== -1; start = rest.lastIndexOf('&')) {
    if (!isTracking(rest.slice(start + 1))) return rest
    rest = rest.slice(0, start)
  }
  return rest
}

function isTracking(parameter: string): boolean {
  return TRACKING.test(parameter)
}
