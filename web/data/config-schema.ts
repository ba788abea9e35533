// The config's schema as forms take it: without references, without the `${…}` that may stand in place of any
// value in the file, and with durations and sizes told by name.

/** The part of JSON Schema that forms are made of. */
export interface Schema {
  readonly type?: string | readonly string[] | undefined
  readonly title?: string | undefined
  readonly description?: string | undefined
  readonly default?: unknown
  readonly format?: string | undefined
  readonly unit?: string | undefined
  readonly enum?: readonly unknown[] | undefined
  readonly const?: unknown
  readonly pattern?: string | undefined
  readonly minimum?: number | undefined
  readonly maximum?: number | undefined
  readonly multipleOf?: number | undefined
  readonly properties?: Readonly<Record<string, Schema>> | undefined
  readonly required?: readonly string[] | undefined
  readonly items?: Schema | undefined
  readonly additionalProperties?: boolean | Schema | undefined
  readonly patternProperties?: Readonly<Record<string, Schema>> | undefined
  readonly anyOf?: readonly Schema[] | undefined
  readonly oneOf?: readonly Schema[] | undefined
  readonly readOnly?: boolean | undefined
  /** Another key says the same. */
  readonly deprecated?: boolean | undefined
  /** Of a text: a number says the same, as 200 does. */
  readonly hasNumbers?: boolean | undefined
  readonly examples?: readonly unknown[] | undefined
  readonly least?: string | undefined
  readonly most?: string | undefined
}

/** As it is sent: with references, and with what depends on a word. */
export interface Sent extends Omit<Schema, 'properties' | 'items' | 'anyOf' | 'oneOf'> {
  readonly $ref?: string
  readonly definitions?: Readonly<Record<string, Sent>>
  readonly properties?: Readonly<Record<string, Sent>>
  readonly items?: Sent
  readonly anyOf?: readonly Sent[]
  readonly oneOf?: readonly Sent[]
  readonly allOf?: readonly { readonly if?: Sent; readonly then?: Sent }[]
}

/** What has a form: `protocol` says which listener. */
export type Formed = 'listener' | 'backend' | 'server' | 'rule' | 'step'

/** `of` as a form takes it. */
export function schemaOf(document: Sent, of: Formed, protocol = 'http'): Schema {
  const named = document.definitions?.[of] ?? {}
  const own = named.allOf?.find(({ if: when }) => when?.properties?.['protocol']?.const === protocol)
  return plain(own?.then ?? named, document.definitions ?? {}, [])
}

const NAME = '#/definitions/'
const SUBSTITUTION = `${NAME}substitution`

function plain(sent: Sent, all: Readonly<Record<string, Sent>>, above: readonly string[]): Schema {
  if (sent.$ref !== undefined) {
    const name = sent.$ref.replace(NAME, '')
    // What holds itself (steps within steps) is written as JSON from there on.
    if (above.includes(name)) return {}
    return { ...plain(all[name] ?? {}, all, [...above, name]), ...wordsOf(sent) }
  }
  const choices = (sent.anyOf ?? sent.oneOf)?.filter(({ $ref }) => $ref !== SUBSTITUTION)
  const only = choices?.length === 1 ? choices[0] : severalOf(choices ?? [])
  if (only !== undefined) return plain({ ...only, ...without(sent, ['anyOf', 'oneOf']) }, all, above)
  const { definitions: _d, allOf: _a, $ref: _r, properties, items, anyOf: _o, oneOf: _n, ...rest } = sent
  const { additionalProperties: values } = sent
  return {
    ...rest,
    ...amountOf(sent),
    ...(properties !== undefined && {
      properties: Object.fromEntries(
        Object.entries(properties)
          // Of what another key says as well the form has that one alone.
          .filter(([, { deprecated }]) => deprecated !== true)
          .map(([name, inner]) => [name, plain(inner, all, above)]),
      ),
    }),
    ...(items !== undefined && { items: plain(items, all, above) }),
    ...(typeof values === 'object' && { additionalProperties: plain(values as Sent, all, above) }),
    ...(choices !== undefined && { anyOf: choices.map((choice) => plain(choice, all, above)) }),
  }
}

/** One of a kind, or a list of them: a list, which one alone is as well. */
function severalOf(choices: readonly Sent[]): Sent | undefined {
  const list = choices.find(({ type }) => type === 'array')
  const one = choices.find((other) => other !== list)
  const isSame = one !== undefined && JSON.stringify(list?.items) === JSON.stringify(one)
  return choices.length === 2 && isSame ? list : undefined
}

/** What is said where something is referred to goes before what is said of it in general. */
const wordsOf = ({ description, default: preset, title }: Sent): Partial<Schema> => ({
  ...(description !== undefined && { description }),
  ...(preset !== undefined && { default: preset }),
  ...(title !== undefined && { title }),
})

const without = (sent: Sent, names: readonly string[]): Sent =>
  Object.fromEntries(Object.entries(sent).filter(([name]) => !names.includes(name)))

/** Durations and sizes are texts of a pattern in the file's schema. */
function amountOf({ pattern, type }: Sent): Partial<Schema> {
  if (pattern === undefined) return {}
  if (pattern.includes('(ms|s|m|h|d)')) return { type: 'string', format: 'duration' }
  if (pattern.includes('[KMGT]i?B')) return { type: 'string', format: 'size' }
  // What may be written as a number is a text all the same.
  return Array.isArray(type) && type.includes('string') ? { type: 'string', hasNumbers: true } : {}
}
