/** Object kinds that can be references to `components`, inner kinds before outer kinds. */
const KINDS = ['headers', 'examples', 'responses'] as const

type Kind = (typeof KINDS)[number]
type Named = Record<string, object>

interface Document {
  paths: Record<string, Record<string, Operation>>
  components: Partial<Record<Kind, Named>>
}

interface Operation {
  responses: Record<string, Response>
}

interface Response {
  headers: Named
  content?: Record<string, { examples?: Named }>
}

/**
 * Returns a copy of an OpenAPI document with repeated headers, examples and responses moved to `components`
 * (OpenAPI 3.1, Reference Object). A component takes the object's name, with a number if that name is already
 * taken.
 */
export function shareComponents<T extends object>(openapiObject: T): T {
  // A copy shares no objects; YAML would write shared objects as aliases.
  const document = JSON.parse(JSON.stringify(openapiObject))
  const { paths, components } = document as Document
  const operations = Object.values(paths).flatMap(path => Object.values(path))
  const responses = operations.flatMap(operation => Object.values(operation.responses))
  const media = responses.flatMap(({ content = {} }) => Object.values(content))
  const places: Record<Kind, Named[]> = {
    headers: responses.map(({ headers }) => headers),
    examples: media.flatMap(({ examples }) => (examples === undefined ? [] : [examples])),
    responses: operations.map(operation => operation.responses),
  }
  for (const kind of KINDS) components[kind] = share(places[kind], `#/components/${kind}/`)
  return document
}

/** Replaces repeated objects with references below `root`. Returns these objects by component name. */
function share(places: readonly Named[], root: string): Named {
  const entries = places.flatMap(named => Object.entries(named))
  const keys = entries.map(([name, value]) => keyOf(name, value))
  const repeated = new Set(keys.filter((key, index) => keys.indexOf(key) !== index))
  const names = new Map<string, string>()
  const shared: Named = {}
  for (const named of places) {
    for (const [name, value] of Object.entries(named)) {
      const key = keyOf(name, value)
      if (!repeated.has(key)) continue
      const component = names.get(key) ?? freeName(name, shared)
      names.set(key, component)
      shared[component] ??= value
      named[name] = { $ref: root + component }
    }
  }
  return shared
}

function keyOf(name: string, value: object): string {
  return `${name} ${JSON.stringify(value)}`
}

function freeName(name: string, taken: Named): string {
  let free = name
  for (let number = 2; free in taken; number++) free = `${name}-${number}`
  return free
}
