/** Module hooks, which Node runs in a thread of their own. */
const hooks = (signal: NodeJS.Signals) => `
export async function load(url, context, next) {
  if (/[/]start(?:-\\w+\\.js|\\.ts)$/.test(url)) process.kill(process.pid, '${signal}')
  return next(url, context)
}`

const dataUrl = (code: string) => `data:text/javascript,${encodeURIComponent(code)}`

/** Node arguments that send the service a signal while its entry point loads the rest. */
export function signalWhileLoading(signal: NodeJS.Signals): string[] {
  const register = `import { register } from 'node:module'
register(${JSON.stringify(dataUrl(hooks(signal)))})`
  return [`--import=${dataUrl(register)}`]
}
