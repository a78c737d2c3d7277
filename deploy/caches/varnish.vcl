# Varnish as a cache in front of the service, for /etc/varnish/default.vcl.
# Varnish subtracts Age and uses stale-while-revalidate.
vcl 4.1;

backend playlist_proxy {
  .host = "127.0.0.1";
  .port = "3000";
  # Longer than LOOKUP_TIMEOUT_MS.
  .first_byte_timeout = 20s;
}

sub vcl_recv {
  # Overrides the caller's fields.
  set req.http.X-Forwarded-For = client.ip;
  set req.http.X-Forwarded-Proto = "http";
  unset req.http.X-Forwarded-Host;
  unset req.http.Forwarded;
  if (req.url !~ "^/(v1/)?users/") {
    return (pass);
  }
  # The service reads no cookies, and Varnish does not store responses to requests with cookies.
  unset req.http.Cookie;
  # The service decides about the caller's Cache-Control; Varnish would not pass it on.
  unset req.http.X-Caller-Cache-Control;
  if (req.http.Cache-Control) {
    set req.http.X-Caller-Cache-Control = req.http.Cache-Control;
    set req.hash_always_miss = true;
  }
}

sub vcl_backend_fetch {
  if (bereq.http.X-Caller-Cache-Control) {
    set bereq.http.Cache-Control = bereq.http.X-Caller-Cache-Control;
    unset bereq.http.X-Caller-Cache-Control;
  }
}

sub vcl_backend_response {
  # Neither a failure nor an already stale list replaces the cached list.
  if (bereq.is_bgfetch && (beresp.status >= 500 || beresp.ttl <= 0s)) {
    return (abandon);
  }
  # By default, Varnish would serve any stale list for ten seconds.
  if (beresp.http.Cache-Control !~ "stale-while-revalidate") {
    set beresp.grace = 0s;
  }
}

sub vcl_deliver {
  if (obj.hits > 0) {
    set resp.http.Cache-Status = resp.http.Cache-Status + ", varnish; hit";
    # The stored RateLimit belongs to another caller.
    unset resp.http.RateLimit;
  }
}
