/**
 * Asks the service in the same container whether it is alive, for images without a shell or curl.
 * The image sets PORT.
 */
const TIMEOUT_MS = 2000

const url = `http://127.0.0.1:${process.env.PORT}/health/live`
const alive = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) }).then(
  response => response.ok,
  () => false,
)
process.exit(alive ? 0 : 1)
