import { readFileSync } from 'node:fs'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { parse } from 'yaml'

interface Header {
  required?: boolean
  schema: { type?: string }
}

interface MediaType {
  schema: object
  examples?: Record<string, { value: unknown }>
}

interface Response {
  headers?: Record<string, Header>
  content?: Record<string, MediaType>
}

interface Operation {
  responses: Record<string, Response>
}

interface Document {
  /** Operations by path, then by method in lower case. */
  paths: Record<string, Record<string, Operation>>
  components: object
}

/** A response from the service. */
export interface ReceivedResponse {
  method: 'GET' | 'HEAD' | 'POST' | 'DELETE'
  /** The request target, including the query. */
  url: string
  status: number
  headers: Record<string, unknown>
  /** The body without its content coding. */
  body: string
}

/** HTTP's own fields, and those documented as media types in the contract. */
const UNDOCUMENTED = [
  'date',
  'connection',
  'keep-alive',
  'transfer-encoding',
  'content-type',
  'content-length',
]

const PROBLEM_TYPE = 'application/problem+json'

/** Reads openapi.yaml and compares responses with it. */
export class Contract {
  readonly #document: Document
  readonly #ajv = new Ajv2020({ strict: false })
  readonly #compiled = new WeakMap<object, ValidateFunction>()
  readonly #seen = new Set<string>()

  constructor(text = readFileSync('openapi.yaml', 'utf8')) {
    const document = parse(text)
    this.#document = resolved(document, document.components) as Document
    // The CommonJS build of ajv-formats hides the function behind another default.
    ;(addFormats as unknown as { default: (ajv: Ajv2020) => void }).default(this.#ajv)
    this.#ajv.addSchema({ $id: 'openapi', components: this.#document.components })
  }

  /** Paths with a GET operation, as written in the contract, such as `/users/{id}/playlists`. */
  get paths(): string[] {
    const { paths } = this.#document
    return Object.keys(paths).filter(path => paths[path]?.get !== undefined)
  }

  /** Returns all differences between a response and the documentation, and records the parts seen. */
  faultsOf(received: ReceivedResponse): string[] {
    const { url, status } = received
    // A path without parameters takes precedence (OpenAPI 3.1, Paths Object).
    const fitting = Object.keys(this.#document.paths).filter(path => matches(path, url))
    const path = fitting.find(path => !path.includes('{')) ?? fitting[0]
    if (path === undefined) return [`no path of the contract fits ${url}`]
    // A response to HEAD is the GET response without a body (RFC 9110 9.3.2).
    const method = received.method === 'HEAD' ? 'get' : received.method.toLowerCase()
    const name = nameOf(path, method)
    const response = this.#document.paths[path]?.[method]?.responses[status]
    if (response === undefined) return [`${name} has no ${status}`]
    const where = `${name} ${status}`
    return [
      ...this.#headerFaults(received, response, where),
      ...this.#bodyFaults(received, response, where),
    ]
  }

  /**
   * Returns the documented parts not seen in any response yet: path, status and media type, and the type of
   * each problem with an example.
   */
  get unseen(): string[] {
    const operations = Object.entries(this.#document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        name: nameOf(path, method),
        responses: Object.entries(operation.responses),
      })),
    )
    const names = operations.flatMap(({ name, responses }) =>
      responses.flatMap(([status, { content }]) =>
        content === undefined
          ? [`${name} ${status}`]
          : Object.entries(content).flatMap(([type, { examples }]) =>
              type === PROBLEM_TYPE && examples !== undefined
                ? Object.keys(examples).map(problem => `${name} ${status} ${type} ${problem}`)
                : [`${name} ${status} ${type}`],
            ),
      ),
    )
    return names.filter(name => !this.#seen.has(name))
  }

  /** Returns all examples that do not match the adjacent schema. */
  get badExamples(): string[] {
    return examplesIn(this.#document, '').flatMap(({ schema, value, where }) =>
      this.#schemaFaults(schema, value, where),
    )
  }

  #headerFaults(
    { headers }: ReceivedResponse,
    { headers: documented = {} }: Response,
    where: string,
  ) {
    const named = Object.entries(documented).map(
      ([name, header]) => [name.toLowerCase(), header] as const,
    )
    const sent = Object.entries(headers).filter(
      ([name, value]) => value !== undefined && !UNDOCUMENTED.includes(name),
    )
    const wrong = sent.flatMap(([name, value]) => {
      const header = new Map(named).get(name)
      if (header === undefined) return [`${where} ${name} is not documented`]
      return this.#schemaFaults(header.schema, typed(value, header.schema), `${where} ${name}`)
    })
    const missing = named
      .filter(([name, { required }]) => required && headers[name] === undefined)
      .map(([name]) => `${where} ${name} is missing`)
    return [...wrong, ...missing]
  }

  #bodyFaults(
    { method, headers, body }: ReceivedResponse,
    { content }: Response,
    where: string,
  ): string[] {
    const field = headers['content-type']
    if (content === undefined) {
      this.#seen.add(where)
      return field === undefined && body === '' ? [] : [`${where} has a body`]
    }
    const [type = ''] = String(field).split(';')
    const media = content[type]
    if (media === undefined) return [`${where} does not come as ${type}`]
    if (method === 'HEAD') return body === '' ? [] : [`${where} HEAD has a body`]
    const value = /[/+]json$/.test(type) ? jsonOf(body) : body
    if (value === undefined) return [`${where} ${type} is no JSON`]
    const faults = this.#schemaFaults(media.schema, value, `${where} ${type}`)
    if (type !== PROBLEM_TYPE || media.examples === undefined || faults.length > 0) {
      this.#seen.add(`${where} ${type}`)
      return faults
    }
    const problem = (value as { type: string }).type.slice('/problems/'.length)
    this.#seen.add(`${where} ${type} ${problem}`)
    return problem in media.examples ? [] : [`${where} ${type} names no ${problem}`]
  }

  #schemaFaults(schema: object, value: unknown, where: string): string[] {
    let validate = this.#compiled.get(schema)
    if (validate === undefined) {
      const local = JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"openapi#/'))
      validate = this.#ajv.compile(local)
      this.#compiled.set(schema, validate)
    }
    if (validate(value)) return []
    return (validate.errors ?? []).map(
      ({ instancePath, message }) => `${where}${instancePath} ${message}`,
    )
  }
}

/** Copies a document node, with the objects in place of all references except those to schemas. */
function resolved(node: unknown, components: Record<string, Record<string, unknown>>): unknown {
  if (typeof node !== 'object' || node === null) return node
  if (Array.isArray(node)) return node.map(item => resolved(item, components))
  const { $ref } = node as { $ref?: string }
  const [, kind = '', name = ''] =
    /^#\/components\/(?!schemas\/)(\w+)\/(.+)$/.exec($ref ?? '') ?? []
  if (kind !== '') return resolved(components[kind]?.[name], components)
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => [key, resolved(value, components)]),
  )
}

/** An operation's name in faults: the path, after the method if that is not GET. */
function nameOf(path: string, method: string): string {
  return method === 'get' ? path : `${method.toUpperCase()} ${path}`
}

/** Whether a request target matches a path with `{parameters}`. */
function matches(path: string, url: string): boolean {
  const segments = path.split('/')
  const given = (url.split('?')[0] as string).split('/')
  return (
    given.length === segments.length &&
    segments.every((segment, index) => segment.startsWith('{') || segment === given[index])
  )
}

interface Example {
  schema: object
  value: unknown
  where: string
}

/** Returns all examples below a document node. Without an adjacent `schema`, the node is the schema. */
function examplesIn(node: unknown, where: string): Example[] {
  if (typeof node !== 'object' || node === null) return []
  const { example, examples = [], ...rest } = node as Record<string, unknown>
  const schema = (rest.schema ?? rest) as object
  const values = Array.isArray(examples)
    ? examples
    : Object.values(examples as Record<string, { value: unknown }>).map(({ value }) => value)
  return [
    ...[...(example === undefined ? [] : [example]), ...values].map(value => ({
      schema,
      value,
      where: `${where} example`,
    })),
    ...Object.entries(rest).flatMap(([name, below]) => examplesIn(below, `${where} ${name}`)),
  ]
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Converts a field value to the type in the schema. */
function typed(value: unknown, { type }: { type?: string }): unknown {
  return type === 'integer' && /^-?\d+$/.test(String(value)) ? Number(value) : String(value)
}
