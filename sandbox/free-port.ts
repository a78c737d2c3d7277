import { once } from 'node:events'
import { createServer } from 'node:net'

/** Returns the port if it is free on 127.0.0.1, else 0, which means any free port. */
export async function portOrAny(port: number): Promise<number> {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch {
    // In use, or reserved by the system.
    return 0
  }
  server.close()
  await once(server, 'close')
  return port
}
