import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { parse } from 'yaml'

interface MediaType {
  schema: object
  example?: unknown
  examples?: Record<string, { value: unknown }>
}

interface Response {
  headers?: Record<string, { schema: object }>
  content?: Record<string, MediaType>
}

interface Document {
  paths: Record<string, { get: { responses: Record<string, Response> } }>
  components: { schemas: Record<string, object> }
}

/** What the contract is held against: one answer of the service. */
export interface Answer {
  /** As the contract writes it, such as `/users/{id}/playlists`. */
  path: string
  method: 'GET' | 'HEAD'
  status: number
  headers: Record<string, unknown>
  /** Decoded. */
  body: string
}

/** Fields of HTTP itself, and those that say what the contract says with the media type. */
const UNDOCUMENTED = ['date', 'connection', 'keep-alive', 'content-type', 'content-length']

/** Fields that are sent only where they have something to say, as their descriptions tell. */
const OPTIONAL = ['Content-Encoding', 'Retry-After', 'Cache-Status']

/** Reads openapi.yaml and tells in what an answer differs from it. */
export class Contract {
  readonly #document: Document
  readonly #ajv = new Ajv2020({ strict: false, coerceTypes: false })
  readonly #seen = new Set<string>()

  constructor(text = readFileSync('openapi.yaml', 'utf8')) {
    this.#document = parse(text) as Document
    // Its CommonJS build hides the function behind another default.
    ;(addFormats as unknown as { default: (ajv: Ajv2020) => void }).default(this.#ajv)
    this.#ajv.addSchema({ $id: 'openapi', components: this.#document.components })
  }

  /** Everything in which the answer differs from what is documented; remembers what was seen. */
  faultsOf(answer: Answer): string[] {
    const { path, status } = answer
    const response = this.#document.paths[path]?.get.responses[status]
    if (response === undefined) return [`${path} has no ${status}`]
    return [...this.#headerFaults(answer, response), ...this.#bodyFaults(answer, response)]
  }

  /** Statuses and media types that are documented but were in no answer yet. */
  get unseen(): string[] {
    return Object.entries(this.#document.paths)
      .flatMap(([path, { get }]) =>
        Object.entries(get.responses).flatMap(([status, { content = { none: {} } }]) =>
          Object.keys(content).map(type => `${path} ${status} ${type}`),
        ),
      )
      .filter(name => !this.#seen.has(name))
  }

  /** Examples that do not fit the schema beside them. */
  get badExamples(): string[] {
    return Object.entries(this.#document.paths).flatMap(([path, { get }]) =>
      Object.entries(get.responses).flatMap(([status, { content = {} }]) =>
        Object.values(content).flatMap(({ schema, example, examples = {} }) =>
          [example, ...Object.values(examples).map(({ value }) => value)]
            .filter(value => value !== undefined)
            .flatMap(value => this.#schemaFaults(schema, value, `${path} ${status} example`)),
        ),
      ),
    )
  }

  #headerFaults({ path, status, headers }: Answer, { headers: documented = {} }: Response) {
    const where = (name: string) => `${path} ${status} ${name}`
    const named = new Map(
      Object.entries(documented).map(([name, header]) => [name.toLowerCase(), { name, header }]),
    )
    const faults: string[] = []
    for (const [name, value] of Object.entries(headers)) {
      if (UNDOCUMENTED.includes(name)) continue
      const known = named.get(name)
      if (known === undefined) faults.push(`${where(name)} is not documented`)
      else
        faults.push(
          ...this.#schemaFaults(
            known.header.schema,
            typed(value, known.header.schema),
            where(name),
          ),
        )
    }
    for (const { name } of named.values()) {
      if (!OPTIONAL.includes(name) && !(name.toLowerCase() in headers)) {
        faults.push(`${where(name)} is missing`)
      }
    }
    return faults
  }

  #bodyFaults({ path, method, status, headers, body }: Answer, { content }: Response): string[] {
    const [type = ''] = String(headers['content-type'] ?? 'none').split(';')
    this.#seen.add(`${path} ${status} ${type}`)
    if (content === undefined)
      return type === 'none' && body === '' ? [] : [`${path} ${status} has a body`]
    const media = content[type]
    if (media === undefined) return [`${path} ${status} does not come as ${type}`]
    if (method === 'HEAD') return body === '' ? [] : [`${path} HEAD has a body`]
    const value = type.endsWith('json') && !type.endsWith('ndjson') ? JSON.parse(body) : body
    return this.#schemaFaults(media.schema, value, `${path} ${status} ${type}`)
  }

  #schemaFaults(schema: object, value: unknown, where: string): string[] {
    const local = JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"openapi#/'))
    const validate = this.#ajv.compile(local)
    if (validate(value)) return []
    return (validate.errors ?? []).map(
      ({ instancePath, message }) => `${where}${instancePath} ${message}`,
    )
  }
}

/** A field is text; its schema may say that the text is a number. */
function typed(value: unknown, schema: { type?: string }): unknown {
  return schema.type === 'integer' && /^-?\d+$/.test(String(value)) ? Number(value) : String(value)
}
