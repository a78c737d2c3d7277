import { execFile, spawn } from 'node:child_process'
import { on, once } from 'node:events'
import { createServer } from 'node:net'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'

const run = promisify(execFile)

/** The last line in the greeting. */
const GREETED = 'It prints a line for each request:\n'

/** Takes a port, unless already taken. */
async function take(t: Test, port: number): Promise<void> {
  const server = createServer().listen(port, '127.0.0.1')
  await Promise.race([once(server, 'listening'), once(server, 'error').catch(() => {})])
  t.teardown(() => server.close())
}

/** Runs `npm run demo`; `until` waits for a text and returns all output so far. */
function startDemo(environment: Record<string, string> = {}) {
  const demo = spawn('npm', ['run', '--silent', 'demo'], {
    detached: true,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  // npm can exit before its child processes. The last child closes the output.
  const ended = once(demo, 'close')
  const chunks = on(demo.stdout, 'data', { close: ['end'] })
  let printed = ''
  return {
    async until(text: string | RegExp): Promise<string> {
      while (!(typeof text === 'string' ? printed.includes(text) : text.test(printed))) {
        const { value, done } = await chunks.next()
        if (done) throw new Error(`the demo ended after\n${printed}`)
        printed += value[0]
      }
      return printed
    },
    async stop(signal: NodeJS.Signals): Promise<void> {
      process.kill(-(demo.pid as number), signal)
      demo.stdout.resume()
      await ended
    },
  }
}

t.test('npm run demo prints an address, working commands, and what they cost', async t => {
  await Promise.all([take(t, 3000), take(t, 4100)])
  const demo = startDemo()
  const greeting = await demo.until(GREETED)
  const [first = '', ...lines] = greeting.split('\n')
  const [, url = ''] = /^Open (http:\/\/127\.0\.0\.1:\d+)\/ in a browser\.$/.exec(first) ?? []
  t.not(url, '', first)
  t.same(lines.slice(0, 2), [
    'Port 3000 is taken, so this run uses another.',
    'Port 4100 is taken, so this run uses another.',
  ])
  t.notMatch(greeting, /"level"|starting/, 'no line of the log')
  const [invitation = ''] = /^ {2}http.*\/link\/.*$/m.exec(greeting) ?? []
  t.notMatch(greeting.replace(invitation, ''), /^.{101}/m)

  const commands = greeting.match(/curl .*/g) ?? []
  t.equal(commands.length, 5)
  const [whole, uri, csv, fail, heal] = commands.map(command => async () => {
    const cwd = t.testdir()
    return (await run('sh', ['-c', command], { cwd })).stdout
  }) as [Command, Command, Command, Command, Command]

  t.match(greeting, '2000 playlists: 40 Spotify requests, about 0.5 s.')
  t.match(await whole(), /^1998 spotify:.*\n1999 spotify:.*\n2000 spotify:.*\n$/)
  await demo.until(/^[\d:]{8} {2}200 {2}\/users\/collector\/playlists .* 40 Spotify requests$/m)
  await whole()
  await demo.until(/\/users\/collector\/playlists .* 0 Spotify requests, cached$/m)
  t.match(greeting, /Three of 120, .*: 3 Spotify requests/)
  t.match(await uri(), /^ {3}1 spotify:playlist:\w+ .*\n {3}2 .*\n {3}3 .*\n$/)
  await demo.until(/\/users\/smedjan\/playlists .* 3 Spotify requests$/m)
  await csv()
  await demo.until(/\/users\/smedjan\/playlists .* 0 Spotify requests, cached$/m)

  await fail()
  t.equal((await fetch(`${url}/users/one/playlists`)).status, 503)
  t.equal((await fetch(`${url}/users/smedjan/playlists`)).status, 200)
  await heal()
  const healed = await fetch(`${url}/users/fifty/playlists`)
  t.equal(healed.status, 200)
  const { items } = (await healed.json()) as { items: { images: { url: string }[] | null }[] }
  const covers = items.flatMap(({ images }) => images?.slice(0, 1) ?? [])
  t.equal((await fetch(String(covers[0]?.url))).headers.get('content-type'), 'image/svg+xml')

  t.equal(await linkedBy(invitation.trim()), 'linked')
  t.equal((await fetch(`${url}/users/with-private/playlists`)).status, 200)

  await demo.stop('SIGINT')
  await t.rejects(run('sh', ['-c', String(commands[0]).replace(/ \|.*/, '')]), 'the port is closed')
})

type Command = () => Promise<string>

/** Follows an invitation as a browser does when the owner presses the button and agrees at Spotify. */
async function linkedBy(invitation: string): Promise<string> {
  const post = (url: string, form: Record<string, string>) =>
    fetch(url, { method: 'POST', body: new URLSearchParams(form), redirect: 'manual' })
  const begun = await post(invitation, {})
  const authorize = String(begun.headers.get('location'))
  const [, user = ''] =
    /name="user" value="([^"]*)"/.exec(await (await fetch(authorize)).text()) ?? []
  const agreed = await post(authorize, { user, decision: 'approve' })
  const page = await fetch(String(agreed.headers.get('location')))
  return /Your Spotify account is linked/.test(await page.text()) ? 'linked' : page.url
}

t.test('npm run demo uses the ports in PORT and SANDBOX_PORT', async t => {
  const demo = startDemo({ PORT: '0', SANDBOX_PORT: '0' })
  t.notMatch(await demo.until(GREETED), 'taken')
  await demo.stop('SIGTERM')
})
