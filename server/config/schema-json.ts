// JSON Schema (draft-07, which editors know best) for both forms of the config file, made from the one
// schema.
import { BackendOptions } from '../backends/backend.options.ts'
import { HealthCheckOptions } from '../backends/health-check.options.ts'
import { ServerOptions } from '../backends/server.options.ts'
import { HttpListenerOptions } from '../http/listener.options.ts'
import { MiddlewareOptions } from '../middleware/middleware.options.ts'
import { ConditionOptions } from '../rules/match.options.ts'
import { RuleOptions } from '../rules/rule.options.ts'
import { TimeOptions } from '../rules/time.options.ts'
import { TlsFactsOptions } from '../rules/tls-facts.options.ts'
import { FieldPattern, TextPattern } from '../rules/value.options.ts'
import { TcpListenerOptions } from '../tcp/tcp.options.ts'
import { TurnListenerOptions } from '../turn/turn.options.ts'
import { wordOf, wordsOf } from './map-by.ts'
import { mustBeWritten, type SchemaNode } from './schema-node.ts'
import { ConfigOptions, ListenerOptions } from './schema.ts'
import { SHORT_KEYS } from './short.ts'

type Json = { readonly [key: string]: unknown }

/** Written once and referred to. */
const SHARED: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  [ListenerOptions, 'listener'],
  [HttpListenerOptions, 'http-listener'],
  [TcpListenerOptions, 'tcp-listener'],
  [TurnListenerOptions, 'turn-listener'],
  [BackendOptions, 'backend'],
  [ServerOptions, 'server'],
  [HealthCheckOptions, 'health-check'],
  [RuleOptions, 'rule'],
  [ConditionOptions, 'condition'],
  [FieldPattern, 'field-pattern'],
  [TextPattern, 'text-pattern'],
  [TlsFactsOptions, 'tls-facts'],
  [TimeOptions, 'time'],
  [MiddlewareOptions, 'step'],
])

const SUBSTITUTION: Json = {
  type: 'string',
  pattern: '\\$\\{',
  description: 'Filled in from the environment or a file.',
}

/** The JSON Schema of a config file. */
export function configSchema(): Json {
  const shared = [...SHARED].map(([schema, name]) => [name, write(schema as SchemaNode)] as const)
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Config of Sluice',
    type: 'object',
    if: {
      anyOf: [
        { required: ['listen'] },
        { required: ['backends'], properties: { backends: { type: 'array' } } },
      ],
    },
    // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
    then: ref('short'),
    else: ref('long'),
    definitions: {
      substitution: SUBSTITUTION,
      ...Object.fromEntries(shared),
      long: longSchema(),
      short: shortSchema(),
    },
  }
}

/** What each kind of middleware takes, and what their schemas refer to. */
export function middlewareSchemas(): { readonly kinds: Json; readonly definitions: Json } {
  const { properties } = write(MiddlewareOptions as SchemaNode)
  return { kinds: properties as Json, definitions: { substitution: SUBSTITUTION } }
}

/** Names the schema of a file for editors; config itself has no use for it. */
const EDITORS_KEY = {
  $schema: { type: 'string', description: 'Where editors find the schema of this file.' },
}

/** The user's own: a place for anchors. */
const EXTENSIONS = { '^x-': {} }

function longSchema(): Json {
  const { properties, ...rest } = write(ConfigOptions as SchemaNode)
  return { ...rest, required: ['listeners'], properties: { ...EDITORS_KEY, ...(properties as Json) } }
}

function shortSchema(): Json {
  const from = (keys: readonly string[], home: string): Json =>
    Object.fromEntries(keys.map((key) => [key, ref(`${home}/properties/${key}`)]))
  return {
    type: 'object',
    description: 'The short form: one listener, one backend, one rule.',
    patternProperties: EXTENSIONS,
    additionalProperties: false,
    required: ['listen', 'backends'],
    properties: {
      ...EDITORS_KEY,
      listen: ref('http-listener/properties/bind'),
      backends: ref('backend/properties/servers'),
      ...from(SHORT_KEYS.listener, 'http-listener'),
      ...from(SHORT_KEYS.backend, 'backend'),
      ...from(['match', 'middleware'], 'rule'),
      ...from(SHORT_KEYS.steps, 'step'),
      ...from(SHORT_KEYS.global, 'long'),
    },
  }
}

const ref = (name: string): Json => ({ $ref: `#/definitions/${name}` })

/** One that may be left out, or has a description of its own, is a copy around the same. */
const within = (schema: unknown): unknown => {
  const { anyOf, properties } = schema as SchemaNode
  return anyOf ?? properties
}
const SAID = new Map([...SHARED].map(([schema, name]) => [name, (schema as SchemaNode).description]))
const NAMES = new Map([...SHARED].map(([schema, name]) => [within(schema), name]))

const nameOf = (schema: SchemaNode): string | undefined => NAMES.get(within(schema))

const referOrWrite = (schema: SchemaNode): Json => {
  const name = nameOf(schema)
  if (name === undefined) return write(schema)
  const isOwn = schema.description !== SAID.get(name)
  return { ...ref(name), ...(isOwn && { description: schema.description }) }
}

function write(schema: SchemaNode): Json {
  const said = { description: schema.description, default: schema.default }
  const { minProperties, maxProperties, minItems, maxItems, uniqueItems, additionalProperties } = schema
  if (schema.by !== undefined) return writeMapBy(schema, schema.by)
  if (schema.format === 'or-word')
    return { ...said, anyOf: [{ const: schema.anyOf?.[0]?.const }, referOrWrite(schema.anyOf?.[1] ?? {})] }
  if (schema.anyOf) return { ...said, anyOf: schema.anyOf.map(referOrWrite) }
  if (additionalProperties)
    return {
      ...said,
      type: 'object',
      propertyNames: { pattern: PATTERNS[schema.keys ?? 'name'] },
      additionalProperties: referOrWrite(additionalProperties),
    }
  if (schema.type === 'array')
    return {
      ...said,
      type: 'array',
      minItems,
      maxItems,
      uniqueItems,
      items: referOrWrite(schema.items ?? {}),
    }
  if (schema.type !== 'object') return { ...said, ...writeScalar(schema) }
  const properties = Object.entries(schema.properties ?? {})
  const required = properties.filter(
    ([key, property]) => schema.required?.includes(key) && mustBeWritten(property),
  )
  return {
    ...said,
    type: 'object',
    patternProperties: EXTENSIONS,
    additionalProperties: false,
    minProperties,
    maxProperties,
    ...(required.length > 0 && { required: required.map(([key]) => key) }),
    properties: {
      ...Object.fromEntries(properties.map(([key, property]) => [key, referOrWrite(property)])),
      ...olderProperties(schema),
    },
  }
}

/** Editors know them, and strike them out. */
const olderProperties = ({ older = {} }: SchemaNode): Json =>
  Object.fromEntries(
    Object.entries(older).map(([key, { value }]) => [key, { ...write(value), deprecated: true }]),
  )

/** Each schema holds where its word stands; the first also where none does. */
function writeMapBy(schema: SchemaNode, by: string): Json {
  const { description, anyOf = [] } = schema
  const words = wordsOf(schema)
  const holds = anyOf.map((one, index) => ({
    if: {
      ...(index > 0 && { required: [by] }),
      properties: { [by]: { const: wordOf(one, by) } },
    },
    // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
    then: referOrWrite(one),
  }))
  const said = anyOf[0]?.properties?.[by]?.description ?? ''
  const word = write({ type: 'string', enum: words, default: words[0], description: said })
  return { description, type: 'object', properties: { [by]: word }, allOf: holds }
}

function writeScalar(schema: SchemaNode): Json {
  const { type, examples, enum: words, minimum, maximum, minLength, maxLength } = schema
  const pattern = schema.pattern ?? PATTERNS[`${schema.takesUnix ? 'unix-' : ''}${schema.format ?? ''}`]
  const kind = schema.format === 'size' || schema.format === 'client-auth' ? ['string', 'integer'] : type
  const plain = { type: kind, examples, enum: words, pattern, minimum, maximum, minLength, maxLength }
  const isAnyText = type === 'string' && words === undefined && pattern === undefined
  return isAnyText ? plain : { anyOf: [plain, ref('substitution')] }
}

/** What of a format a pattern can say; the rest is checked by the program. */
const PATTERNS: Readonly<Record<string, string>> = {
  duration: '^([0-9]+(\\.[0-9]+)?(ms|s|m|h|d))+$',
  size: '^[0-9]+(\\.[0-9]+)? ?(B|[KMGT]i?B|kB)?$',
  bind: '^.*:[0-9]{1,5}$',
  'unix-bind': '^(unix:/.+|.*:[0-9]{1,5}(-[0-9]{1,5})?)$',
  'unix-cidr': '^(unix:|[0-9A-Fa-f.:]+(/[0-9]{1,3})?)$',
  'file-mode': '^0?[0-7]{3}$',
  group: '^[A-Za-z0-9_][A-Za-z0-9_.-]*$',
  'dns-server': '^.+:[0-9]{1,5}$',
  cidr: '^[0-9A-Fa-f.:]+(/[0-9]{1,3})?$',
  name: '^[A-Za-z0-9_.-]{1,63}$',
  'server-url': '^((https?://[^/?#@]+|(tcp|tls|udp)://[^/?#@]+:[0-9]{1,5})/?|(http|tcp)://unix:/.+)$',
  'client-auth': '^(off|request|any|optional|required|[0-4])$',
  'client-name': '^[!-~]{1,1024}$',
  'subject-name': '^[^=]+=.+$',
  'host-pattern': '^[^\\s/:@]+$',
  pin: '^sha256/[A-Za-z0-9+/]{43}=$',
  'user-name': '^[^\\x00-\\x1f\\x7f]{1,508}$',
  'key-hash': '^sha256:[0-9a-f]{64}$',
  'password-hash': '^\\$(argon2id|2[aby])\\$.+$',
  address: '^[0-9A-Fa-f.:]+$',
  'port-range': '^[0-9]{4,5}-[0-9]{4,5}$',
  path: '^[^\\x00-\\x1f\\x7f]+$',
  'field-name': "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$",
  'claim-name': '^[^\\x00-\\x1f\\x7f]{1,256}$',
  'query-name': '^[^\\x00-\\x1f\\x7f]{1,256}$',
  'cookie-name': "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$",
  'time-zone': '^[A-Za-z0-9_+/-]+$',
  'path-pattern': '^/[^?#\\\\]*$',
  'status-range': '^([1-5][xX][xX]|[1-5][0-9]{2}( ?- ?[1-5][0-9]{2})?)$',
}
