import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answerControl, isControl } from './control.ts'
import { answerCover, coverOf } from './covers.ts'
import type { SandboxOptions } from './options.ts'
import { Sandbox } from './running-sandbox.ts'

export type { Answer, AnswerContext } from './answer.ts'
export type { AnswerName } from './answers.ts'
export type { Fault } from './faults.ts'
export type { SandboxOptions } from './options.ts'
export type { RequestKind, SandboxRequest } from './requests.ts'
export type { Sandbox } from './running-sandbox.ts'
export type { Switches } from './switches.ts'
export type { Entries, PlaylistJson } from './users.ts'

/** Starts a sandbox. Rejects with the server's error, such as EADDRINUSE, if it cannot listen. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { host = '127.0.0.1', port = 0 } = options
  const server = createServer()
  server.listen(port, host)
  await once(server, 'listening')
  const address = server.address() as AddressInfo
  const sandbox = new Sandbox(server, host, address.port, options)
  server.on('request', (req, res) => {
    const cover = coverOf(String(req.url))
    if (isControl(req)) void answerControl(sandbox, req, res)
    else if (cover !== undefined) answerCover(cover, req, res)
    // An error in a test's own `match` or `answer` stays unhandled, so the test fails.
    else void sandbox.serve(req, res)
  })
  return sandbox
}
