import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'

/** Returns the port if it is free on 127.0.0.1, else another free port; 0 means any free port. */
export async function freePort(port = 0): Promise<number> {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch {
    // In use, or reserved by the system.
    return freePort()
  }
  const { port: free } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return free
}
