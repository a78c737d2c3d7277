# Varnish as a cache in front of the service, for /etc/varnish/default.vcl.
# Varnish subtracts Age, and uses stale-while-revalidate.
vcl 4.1;

backend playlist_proxy {
  .host = "127.0.0.1";
  .port = "3000";
  # Longer than LOOKUP_TIMEOUT_MS.
  .first_byte_timeout = 20s;
}

sub vcl_recv {
  # Overrides the fields of the caller.
  set req.http.X-Forwarded-For = client.ip;
  set req.http.X-Forwarded-Proto = "http";
  unset req.http.X-Forwarded-Host;
  unset req.http.Forwarded;
  if (req.url !~ "^/(v1/)?users/") {
    return (pass);
  }
  # The service reads no cookies, and Varnish stores no response to a request with one.
  unset req.http.Cookie;
  # The service decides about the Cache-Control of a caller, which Varnish would not pass on.
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
  # Neither a failure nor a list that is already stale replaces the list that Varnish has.
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
    # The stored RateLimit is that of another caller.
    unset resp.http.RateLimit;
  }
}
