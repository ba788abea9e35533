// The dashboard's types of the admin API, web/data/api-types.ts, are made from the routes that serve it. This
// gate says when they are no longer the same; `bun test/check/api-types.ts --write` makes them anew.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TSchema } from '@sinclair/typebox'
import type { Route } from '../../server/admin/route.ts'
import { routesOf } from '../../server/admin/routes.ts'
import { controlFacts } from '../support/control-facts.ts'
import { type Breach, ROOT } from './sources.ts'

const FILE = 'web/data/api-types.ts'

const HEAD = `// What the admin API takes and answers. Made from its routes by \`bun test/check/api-types.ts --write\`, and
// held against them by \`npm run check\`: do not edit.

/** What a parameter of a query may be given as. */
export type QueryValue = string | number | boolean | undefined
`

/** Whether the file is what the routes say. */
export function checkApiTypes(): Breach[] {
  if (readFileSync(join(ROOT, FILE), 'utf8') === made()) return []
  return [`${FILE}: the API has changed; bun test/check/api-types.ts --write`]
}

function made(): string {
  const names = new Map<string, string>()
  const routes = routesOf(controlFacts({})).filter(({ path }) => path.startsWith('/api/v1/'))
  const rows = routes.map((route) => `  '${route.method} ${route.path}': ${rowOf(route, names)}`)
  const named = [...names].map(([text, name]) => `export type ${name} = ${text}\n`)
  return `${HEAD}\n/** By method and path. */\nexport interface Api {\n${rows.join('\n')}\n}\n\n${named.join('\n')}`
}

function rowOf(route: Route, names: Map<string, string>): string {
  const query = Object.keys(route.query?.properties ?? {}).map((name) => `${name}?: QueryValue`)
  const answers = Object.entries(route.answers).filter(([status]) => Number(status) < 300)
  const shown = answers.map(([, { schema }]) => (schema === undefined ? 'unknown' : typeOf(schema, names)))
  const answer = shown.includes('unknown') ? 'unknown' : [...new Set(shown)].join(' | ')
  const body = route.body === undefined ? 'undefined' : typeOf(route.body, names)
  return `{ query: { ${query.join('; ')} }; body: ${body}; answer: ${answer} }`
}

/** A schema as a type; what has a title gets a name of its own. */
function typeOf(schema: TSchema, names: Map<string, string>): string {
  const text = plainType(schema, names)
  const { title } = schema
  if (title === undefined || text.length < 40) return text
  const known = names.get(text)
  if (known !== undefined) return known
  const free = [...names.values()].includes(title) ? `${title}${names.size}` : title
  names.set(text, free)
  return free
}

function plainType(schema: TSchema, names: Map<string, string>): string {
  const of = (one: TSchema): string => typeOf(one, names)
  if ('const' in schema) return JSON.stringify(schema['const'])
  if (Array.isArray(schema['enum']))
    return schema['enum'].map((value: unknown) => JSON.stringify(value)).join(' | ')
  const either = (schema['anyOf'] ?? schema['oneOf']) as TSchema[] | undefined
  if (either !== undefined) return `(${[...new Set(either.map(of))].join(' | ')})`
  if (Array.isArray(schema['allOf'])) return (schema['allOf'] as TSchema[]).map(of).join(' & ')
  switch (schema['type']) {
    case 'string':
    case 'boolean':
    case 'null':
      return schema['type']
    case 'integer':
    case 'number':
      return 'number'
    case 'array':
      return Array.isArray(schema['items'])
        ? `[${(schema['items'] as TSchema[]).map(of).join(', ')}]`
        : `(${schema['items'] === undefined ? 'unknown' : of(schema['items'] as TSchema)})[]`
    case 'object':
      return objectType(schema, of)
    default:
      return 'unknown'
  }
}

function objectType(schema: TSchema, of: (one: TSchema) => string): string {
  const properties = Object.entries((schema['properties'] ?? {}) as Record<string, TSchema>)
  const patterns = Object.values((schema['patternProperties'] ?? {}) as Record<string, TSchema>)
  const more = schema['additionalProperties'] as TSchema | boolean | undefined
  if (properties.length === 0) {
    const values = [...patterns, ...(typeof more === 'object' ? [more] : [])].map(of)
    return `Record<string, ${values.length === 0 ? 'unknown' : values.join(' | ')}>`
  }
  const required = new Set((schema['required'] ?? []) as string[])
  const members = properties.map(
    ([name, one]) =>
      `${/^\w+$/.test(name) ? name : JSON.stringify(name)}${required.has(name) ? '' : '?'}: ${of(one)}`,
  )
  return `{ ${members.join('; ')} }`
}

if (import.meta.main && process.argv.includes('--write')) writeFileSync(join(ROOT, FILE), made())
