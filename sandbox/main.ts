import { optionsFrom } from './options.ts'
import { type Sandbox, startSandbox } from './sandbox.ts'

// Runs the sandbox in its own process; options.ts lists the variables.
try {
  const sandbox = await startSandbox(optionsFrom(process.env))
  console.log(greeting(sandbox))
  // Once the server has closed, the process exits by itself.
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => sandbox.close())
} catch (error) {
  console.error(`The sandbox did not start: ${(error as Error).message}`)
  process.exitCode = 1
}

function greeting(sandbox: Sandbox): string {
  const { apiUrl, tokenUrl, authorizeUrl, clientId, clientSecret } = sandbox
  const control = apiUrl.replace('/v1', '/_sandbox')
  return `Spotify sandbox
  Web API   ${apiUrl}
  tokens    ${tokenUrl}
  consent   ${authorizeUrl}
  service   SPOTIFY_CLIENT_ID=${clientId} SPOTIFY_CLIENT_SECRET=${clientSecret} SPOTIFY_API_URL=${apiUrl} SPOTIFY_TOKEN_URL=${tokenUrl} npm start
  state     curl ${control}
  fault     curl ${control}/faults -d '{"on":"api","answer":"rate-limited","times":3}'
  and off   curl -X DELETE ${control}/faults
  mode      curl -X PATCH ${control} -d '{"mode":"development"}'`
}
