// The parts of a TypeBox schema that we read: JSON Schema, and the few keys that lib/kinds.ts adds.

export interface SchemaNode {
  readonly type?: string | readonly string[]
  /**
   * Of a text: see formats.ts. Or "one-or-more", "or-word", "value-or-map" and "map-by", which anyOf spells
   * out; or "any", which is whatever stands there.
   */
  readonly format?: string
  /** Of "one-or-more": whether there must be one. */
  readonly isNeeded?: boolean
  readonly description?: string
  readonly default?: unknown
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly required?: readonly string[]
  /** Values of a map with any keys; `keys` is their format. */
  readonly additionalProperties?: SchemaNode | false
  readonly keys?: string
  readonly items?: SchemaNode
  readonly anyOf?: readonly SchemaNode[]
  /** Of "map-by": the key whose word tells which of anyOf it is. */
  readonly by?: string
  readonly enum?: readonly (string | number)[]
  readonly const?: unknown
  readonly pattern?: string
  /** What `pattern` means, in words. */
  readonly allowed?: string
  /** What to write where it is missing. */
  readonly whenMissing?: string
  /** Of the value of "value-or-map", while it is read. */
  readonly isOrMap?: boolean
  /** A map of it as people begin one, where a single word stands. */
  readonly usual?: { readonly [key: string]: string }
  /** A path of code that the gateway runs: being near the config does not make it one of ours. */
  readonly isCode?: true
  /** What to say of values that are not allowed, but often written. */
  readonly said?: Readonly<Record<string, string>>
  /** Keys that are often written for one of its own. */
  readonly also?: Readonly<Record<string, string>>
  /** Keys that mean the same as its own, as other programs spell them: older-keys.ts. */
  readonly older?: Readonly<Record<string, OlderKey>>
  /** Keys that are often written for what it does not have: what to say of each. */
  readonly lacks?: Readonly<Record<string, string>>
  /** Of an address: the port that is usual there. */
  readonly port?: number
  /** Of an address: a Unix socket is one as well. */
  readonly takesUnix?: boolean
  /** Of an address: so is a range of ports. */
  readonly takesRange?: boolean
  /** No problem may show what was written. */
  readonly secret?: boolean
  readonly examples?: readonly unknown[]
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly uniqueItems?: boolean
  readonly minProperties?: number
  readonly maxProperties?: number
  /** Bounds of a duration or size, as written. */
  readonly least?: string
  readonly most?: string
}

/** A key that is read as another one. */
export interface OlderKey {
  readonly for: string
  /** What may be written: a number. */
  readonly value: SchemaNode
  /** Our value is so much more. */
  readonly plus?: number
  /** Ours says it with this unit. */
  readonly unit?: string
}

/** Whether a key that a schema requires must be written: lists and maps are empty when they are left out. */
export const mustBeWritten = (schema: SchemaNode): boolean =>
  schema.default === undefined &&
  (schema.format !== 'one-or-more' || schema.isNeeded === true) &&
  !schema.additionalProperties

/** The properties of each schema: asked for once for each item of long lists. */
const known = new WeakMap<SchemaNode, readonly (readonly [string, SchemaNode])[]>()

export function propertiesOf(schema: SchemaNode): readonly (readonly [string, SchemaNode])[] {
  let properties = known.get(schema)
  if (properties === undefined) {
    properties = Object.entries(schema.properties ?? {})
    known.set(schema, properties)
  }
  return properties
}
