// An OpenAPI document as it is shown: its operations in a list, and what each takes and answers.

export interface Schema {
  readonly $ref?: string
  readonly title?: string
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly allOf?: readonly Schema[]
  readonly additionalProperties?: boolean | Schema
  readonly patternProperties?: Readonly<Record<string, Schema>>
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly default?: unknown
  readonly format?: string
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly allowed?: string
}

export interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly required?: boolean
  readonly description?: string
  readonly schema?: Schema
}

interface Media {
  readonly schema?: Schema
}
interface Response {
  readonly $ref?: string
  readonly description?: string
  readonly content?: Readonly<Record<string, Media>>
}
interface RawOperation {
  readonly operationId: string
  readonly tags?: readonly string[]
  readonly summary?: string
  readonly parameters?: readonly (Parameter & { readonly $ref?: string })[]
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> }
  readonly responses: Readonly<Record<string, Response>>
  readonly 'x-required-role'?: string | null
  readonly 'x-needs-step-up'?: boolean
  readonly 'x-changes-nothing'?: boolean
}
export interface OpenApi {
  readonly info?: { readonly version?: string }
  readonly paths: Readonly<Record<string, Readonly<Record<string, RawOperation>>>>
  readonly components?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

export interface Operation {
  readonly id: string
  readonly method: string
  readonly path: string
  readonly tag: string
  readonly summary: string
  /** Null: nobody has to be known. */
  readonly role: string | null
  readonly needsStepUp: boolean
  readonly parameters: readonly Parameter[]
  readonly body: { readonly type: string; readonly schema: Schema } | null
  readonly answers: readonly {
    readonly status: string
    readonly description: string
    readonly type: string | null
    readonly schema: Schema | null
  }[]
  /** How it may be tried here. */
  readonly trial: Trial
  /** Lower case: what a filter looks in. */
  readonly text: string
}

/** read: as it is; dry: with `dry_run=true`; none: it acts at once, or does not end. */
export type Trial = 'read' | 'dry' | 'none'

export function operationsOf(document: OpenApi): readonly Operation[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, raw]) => operationOf(document, path, method.toUpperCase(), raw)),
  )
}

function operationOf(document: OpenApi, path: string, method: string, raw: RawOperation): Operation {
  const tag = raw.tags?.[0] ?? ''
  const summary = raw.summary ?? ''
  const parameters = (raw.parameters ?? []).map((one) => resolved(document, one))
  const [type = '', media = {}] = Object.entries(raw.requestBody?.content ?? {})[0] ?? []
  const answers = Object.entries(raw.responses).map(([status, given]) => {
    const response = resolved(document, given)
    const [kind = null, { schema } = {}] = Object.entries(response.content ?? {})[0] ?? []
    return { status, description: response.description ?? '', type: kind, schema: schema ?? null }
  })
  return {
    ...{ id: raw.operationId, method, path, tag, summary, parameters, answers },
    role: raw['x-required-role'] ?? null,
    needsStepUp: raw['x-needs-step-up'] === true,
    body: raw.requestBody === undefined ? null : { type, schema: media.schema ?? {} },
    trial: trialOf(raw, method, parameters, answers),
    text: `${method} ${path} ${tag} ${summary}`.toLowerCase(),
  }
}

function trialOf(
  raw: RawOperation,
  method: string,
  parameters: readonly Parameter[],
  answers: Operation['answers'],
): Trial {
  const isStream = answers.some(
    ({ status, type }) => status === '200' && type?.startsWith('text/event-stream') === true,
  )
  if (isStream) return 'none'
  if (method === 'GET' || raw['x-changes-nothing'] === true) return 'read'
  return parameters.some(({ name, in: place }) => name === 'dry_run' && place === 'query') ? 'dry' : 'none'
}

/** What a `$ref` stands for, once. */
export function resolved<T extends { readonly $ref?: string | undefined }>(document: OpenApi, one: T): T {
  if (one.$ref === undefined) return one
  const [, kind = '', name = ''] = /^#\/components\/([^/]+)\/(.+)$/.exec(one.$ref) ?? []
  return (document.components?.[kind]?.[name] as T | undefined) ?? one
}

/** Those whose words are all found, by tag, in the order of the document. */
export function found(
  operations: readonly Operation[],
  filter: string,
): ReadonlyMap<string, readonly Operation[]> {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean)
  return Map.groupBy(
    operations.filter(({ text }) => words.every((word) => text.includes(word))),
    ({ tag }) => tag,
  )
}

/** What a value may be, in short: `string`, `list of Server`, `"up" or "down"`, `integer, 1 to 100`. */
export function typeWords(schema: Schema): string {
  if (schema.title !== undefined) return schema.title
  if (schema.$ref !== undefined) return schema.$ref.split('/').at(-1) ?? ''
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum !== undefined) return either(schema.enum.map((one) => JSON.stringify(one)))
  const some = schema.anyOf ?? schema.oneOf
  if (some !== undefined) return either([...new Set(some.map((one) => typeWords(one)))])
  if (schema.type === 'array') return `list of ${typeWords(schema.items ?? {})}`
  const type = [schema.type ?? 'anything'].flat().join(' or ')
  return `${type}${bounds(schema)}`
}

const either = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`

function bounds({ minimum, maximum, format, minLength, maxLength }: Schema): string {
  const [least, most] = [minimum ?? minLength, maximum ?? maxLength]
  const unit = minLength !== undefined || maxLength !== undefined ? ' characters' : ''
  if (format !== undefined) return ` (${format})`
  if (least !== undefined && most !== undefined) return `, ${least} to ${most}${unit}`
  if (most !== undefined) return `, at most ${most}${unit}`
  return least === undefined ? '' : `, ${least}${unit} or more`
}

export interface Member {
  readonly name: string
  readonly schema: Schema
  readonly isRequired: boolean
}

/** What is in it: members of an object, or of what a list has; none of a plain value. */
export function membersOf(document: OpenApi, given: Schema): readonly Member[] {
  const schema = resolved(document, given)
  if (schema.items !== undefined) return membersOf(document, schema.items)
  const required = new Set(schema.required)
  const own = Object.entries(schema.properties ?? {}).map(([name, one]) => {
    return { name, schema: one, isRequired: required.has(name) }
  })
  const others = schema.patternProperties ?? {}
  const any =
    typeof schema.additionalProperties === 'object' ? [schema.additionalProperties] : Object.values(others)
  const parts = schema.allOf?.flatMap((one) => membersOf(document, one)) ?? []
  const shapes = (schema.anyOf ?? schema.oneOf ?? []).map((one) => resolved(document, one))
  const inner = shapes.filter((one) => membersOf(document, one).length > 0)
  const [only] = inner
  return [
    ...own,
    ...parts,
    ...any.map((one) => ({ name: '(any name)', schema: one, isRequired: false })),
    ...(inner.length === 1 && only !== undefined
      ? membersOf(document, only)
      : inner.map((one, at) => ({ name: `(shape ${at + 1})`, schema: one, isRequired: false }))),
  ]
}

const DEPTH_MAX = 6

/** A body to begin with: what is required, with defaults. */
export function exampleOf(document: OpenApi, given: Schema, depth = 0): unknown {
  const schema = resolved(document, given)
  if (schema.default !== undefined) return schema.default
  if (schema.const !== undefined) return schema.const
  if (schema.enum !== undefined) return schema.enum[0]
  const [first] = schema.anyOf ?? schema.oneOf ?? []
  if (first !== undefined) return exampleOf(document, first, depth + 1)
  switch ([schema.type].flat()[0]) {
    case 'string':
      return ''
    case 'integer':
    case 'number':
      return schema.minimum ?? 0
    case 'boolean':
      return false
    case 'array':
      return []
    case 'object': {
      const required = membersOf(document, schema).filter(({ isRequired }) => isRequired && depth < DEPTH_MAX)
      return Object.fromEntries(required.map((one) => [one.name, exampleOf(document, one.schema, depth + 1)]))
    }
    default:
      return null
  }
}

/** Whether a change has to say what it was made from. */
export const wantsBase = ({ answers }: Pick<Operation, 'answers'>): boolean =>
  answers.some(({ status }) => status === '428')

/** A line for a shell, with what was filled in. */
export function curlOf(
  { method, body, answers }: Pick<Operation, 'method' | 'body' | 'answers'>,
  { url, text }: { readonly url: string; readonly text: string },
): string {
  const quoted = (words: string): string => `'${words.replaceAll("'", String.raw`'\''`)}'`
  return [
    `curl ${method === 'GET' ? '' : `-X ${method} `}-H "Authorization: Bearer $TOKEN"`,
    ...(wantsBase({ answers }) ? ["-H 'If-Match: *'"] : []),
    ...(body === null ? [] : [`-H ${quoted(`Content-Type: ${body.type}`)}`, `--data ${quoted(text)}`]),
    quoted(url),
  ].join(' \\\n  ')
}
