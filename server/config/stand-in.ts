// What stands in for wrong values, so that the rest can be checked.
import { isNumeric } from './decode-scalar.ts'
import type { SchemaNode } from './schema-node.ts'

/** Begins texts that do: no text of a valid config begins so. */
const STAND_IN = '\0'

/** Whether this text stands in for a value that a problem was reported of. */
export const isStandIn = (text: string): boolean => text.startsWith(STAND_IN)

/** Makes them; no two texts are the same, so that none is another one's double. */
export class StandIns {
  #made = 0

  /** Something harmless of the schema's type. */
  of(schema: SchemaNode, decodeDefault: (schema: SchemaNode) => unknown): unknown {
    const ofOther = (other: SchemaNode = {}): unknown => this.of(other, decodeDefault)
    if (schema.default !== undefined) return decodeDefault(schema)
    if (schema.format === 'or-word') return schema.anyOf?.[0]?.const
    if (schema.format === 'map-by') return ofOther(schema.anyOf?.[0])
    if (schema.type === 'array' || schema.format === 'one-or-more') return []
    if (schema.additionalProperties) return {}
    if (schema.type === 'object') {
      const properties = Object.entries(schema.properties ?? {})
      const required = properties.filter(([key]) => schema.required?.includes(key))
      return Object.fromEntries(required.map(([key, property]) => [key, ofOther(property)]))
    }
    if (schema.type === 'boolean') return false
    if (isNumeric(schema)) return schema.minimum ?? schema.enum?.[0] ?? 1
    if (schema.format === 'duration' || schema.format === 'size') return 1
    return schema.enum?.[0] ?? `${STAND_IN}${++this.#made}`
  }
}
