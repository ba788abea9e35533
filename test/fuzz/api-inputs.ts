// Requests made from an OpenAPI document: most of them nearly right, so that they come far.
import type { Random } from '../support/random.ts'

type Json = { readonly [key: string]: unknown }

interface Operation {
  readonly parameters?: readonly Json[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema?: Json }>> }
}

export interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

export interface ApiRequest {
  readonly method: string
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
}

/** Those that the config has, first. */
const KNOWN = ['api', 'web', 'all', 'a', 'proxy', '1']
const NAMES = [
  'api',
  'web',
  'a',
  'http://127.0.0.1:1',
  'x/y',
  '..',
  '%',
  'ä',
  '',
  '__proto__',
  'constructor',
  '0',
  '-1',
  'a'.repeat(300),
]
const TEXTS = [
  '',
  ' ',
  '0',
  'api',
  'true',
  '\u0000',
  '💥',
  '${HOME}',
  '${file:/etc/passwd}',
  '../../etc/passwd',
  '10m',
  '-5',
  '1e999',
  'x'.repeat(2000),
]
const NUMBERS = [0, 1, -1, 2, 1.5, 1e9, 1e308, -0, 2 ** 53]

/** A request of one of the operations that `mayAsk`. */
export function someRequest(
  random: Random,
  document: ApiDocument,
  mayAsk: (name: string) => boolean,
): ApiRequest {
  const operations = Object.entries(document.paths).flatMap(([path, all]) =>
    Object.entries(all).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  )
  const asked = operations.filter(({ method, path }) => mayAsk(`${method} ${path}`))
  const { method, path, operation } = random.pick(asked)
  const filled = path.replaceAll(/\{\w+\}/g, () =>
    encodeURIComponent(random.pick(random.below(4) > 0 ? KNOWN : NAMES)),
  )
  const query = new URLSearchParams()
  for (const parameter of operation.parameters ?? [])
    if (parameter['in'] === 'query' && random.below(4) === 0)
      query.append(
        String(parameter['name']),
        String(someValue(random, (parameter['schema'] ?? {}) as Json, 0)),
      )
  if (random.below(20) === 0) query.append(random.pick(TEXTS), random.pick(TEXTS))
  const [type, media] = random.pick([...Object.entries(operation.requestBody?.content ?? {}), null]) ?? []
  const headers: Record<string, string> = {}
  if (type !== undefined) headers['Content-Type'] = random.below(30) === 0 ? 'text/html' : type
  if (random.below(3) === 0)
    headers['If-Match'] = random.pick(['*', '"0123456789abcdef"', 'x', 'W/"x"', '""'])
  if (random.below(20) === 0) headers['Idempotency-Key'] = random.pick(['k', 'x'.repeat(300)])
  headers['Accept'] = random.pick([
    '*/*',
    'application/json',
    'text/event-stream;q=0.1, application/json',
    'application/yaml',
    'x',
  ])
  const body = type === undefined ? null : spoiled(random, bodyOf(random, type, media?.schema))
  return { method, target: `${filled}${query.size > 0 ? `?${query.toString()}` : ''}`, headers, body }
}

const bodyOf = (random: Random, type: string, schema: Json | undefined): string =>
  type.endsWith('json')
    ? JSON.stringify(someValue(random, schema ?? {}, 0))
    : `${random.pick(TEXTS)}: [${random.pick(TEXTS)}`

/** One in ten is no JSON any more. */
function spoiled(random: Random, text: string): string {
  if (random.below(10) > 0) return text
  const at = random.below(text.length + 1)
  return random.pick([
    text.slice(0, at),
    `${text.slice(0, at)}${random.pick(['}', '"', '[', '\u0000', '\\'])}${text.slice(at)}`,
  ])
}

/** What a schema allows, or nearly. */
function someValue(random: Random, schema: Json, depth: number): unknown {
  if (random.below(25) === 0 || depth > 6) return random.pick<unknown>([null, true, [], {}, 'x', -1, [[]]])
  const options = (schema['anyOf'] ?? schema['oneOf']) as readonly Json[] | undefined
  if (options !== undefined) return someValue(random, random.pick(options), depth + 1)
  if (schema['const'] !== undefined) return schema['const']
  if (Array.isArray(schema['enum'])) return random.pick(schema['enum'])
  switch (schema['type']) {
    case 'object':
      return someObject(random, schema, depth)
    case 'array':
      return Array.from({ length: random.below(4) }, () =>
        someValue(random, (schema['items'] ?? {}) as Json, depth + 1),
      )
    case 'integer':
    case 'number':
      return random.pick(NUMBERS)
    case 'boolean':
      return random.below(2) === 0
    case 'null':
      return null
    case 'string':
      return random.pick(random.pick([KNOWN, NAMES, TEXTS]))
    default:
      return random.pick<unknown>([null, 1, 'x', {}, [1], { a: { b: [1] } }])
  }
}

function someObject(random: Random, schema: Json, depth: number): Json {
  const properties = Object.entries((schema['properties'] ?? {}) as Record<string, Json>)
  const required = (schema['required'] ?? []) as readonly string[]
  const entries = properties.flatMap(([key, of]): [string, unknown][] => {
    const isIn = required.includes(key) ? random.below(15) > 0 : random.below(2) === 0
    return isIn ? [[key, someValue(random, of, depth + 1)]] : []
  })
  if (random.below(15) === 0) entries.push([random.pick(NAMES), random.pick(TEXTS)])
  return Object.fromEntries(entries)
}
