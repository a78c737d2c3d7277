/** Runs in the thread in which Node loads modules. */
const hooks = (signal: NodeJS.Signals) => `
export async function load(url, context, next) {
  if (/[/]start(?:-\\w+\\.js|\\.ts)$/.test(url)) process.kill(process.pid, '${signal}')
  return next(url, context)
}`

const dataUrl = (code: string) => `data:text/javascript,${encodeURIComponent(code)}`

/** Arguments for Node with which the service gets a signal when its entry point loads the rest. */
export function signalWhileLoading(signal: NodeJS.Signals): string[] {
  const register = `import { register } from 'node:module'
register(${JSON.stringify(dataUrl(hooks(signal)))})`
  return [`--import=${dataUrl(register)}`]
}
