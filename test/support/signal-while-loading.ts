/** Module hooks, run by Node in a separate thread. */
const hooks = (signal: NodeJS.Signals) => `
export async function load(url, context, next) {
  if (/[/]start(?:-\\w+\\.js|\\.ts)$/.test(url)) process.kill(process.pid, '${signal}')
  return next(url, context)
}`

const dataUrl = (code: string) => `data:text/javascript,${encodeURIComponent(code)}`

/** Node arguments to send the service a signal while the entry point loads the rest. */
export function signalWhileLoading(signal: NodeJS.Signals): string[] {
  const register = `import { register } from 'node:module'
register(${JSON.stringify(dataUrl(hooks(signal)))})`
  return [`--import=${dataUrl(register)}`]
}
