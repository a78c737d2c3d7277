/**
 * The profile of the token's user as Development Mode has sent it since 2026, without the members that need a
 * scope.
 * https://developer.spotify.com/documentation/web-api/reference/get-current-users-profile
 */
export function profile(id: string, accountId: string): object {
  const encoded = encodeURIComponent(id)
  return {
    account_id: accountId,
    display_name: null,
    external_urls: { spotify: `https://open.spotify.com/user/${encoded}` },
    href: `https://api.spotify.com/v1/users/${encoded}`,
    id,
    images: [],
    type: 'user',
    uri: `spotify:user:${encoded}`,
  }
}
