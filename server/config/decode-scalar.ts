// What a scalar means where a schema wants one value.
import { resolve } from 'node:path'
import { no, type Refused } from './format.ts'
import { FORMATS } from './formats.ts'
import { readBoolean, readNumber } from './scalars.ts'
import type { SchemaNode } from './schema-node.ts'
import { kindOf } from './spoken.ts'
import type { Scalar } from './tree.ts'

/** Decodes a scalar; relative paths start at `folder`. Null: it is of another type, or out of bounds. */
export function decodeScalar(
  schema: SchemaNode,
  tree: Scalar,
  folder: string,
): { readonly value: string | number | boolean } | Refused | null {
  if (schema.type === 'boolean') return valueOr(readBoolean(tree))
  return isNumeric(schema) ? valueOr(decodeNumber(schema, tree)) : decodeText(schema, tree, folder)
}

export const isNumeric = ({ type }: SchemaNode): boolean => type === 'integer' || type === 'number'

const valueOr = <T>(value: T | null): { readonly value: T } | null => (value === null ? null : { value })

function decodeNumber(schema: SchemaNode, tree: Scalar): number | null {
  const number = readNumber(tree)
  const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = schema
  const isWhole = schema.type === 'number' || Number.isSafeInteger(number)
  const isAllowed = schema.enum === undefined || schema.enum.includes(number ?? '')
  const isGood = number !== null && Number.isFinite(number) && isWhole && isAllowed
  return isGood && number >= minimum && number <= maximum ? number : null
}

function decodeText(
  schema: SchemaNode,
  { value }: Scalar,
  folder: string,
): { readonly value: string | number } | Refused | null {
  const format = FORMATS[schema.format ?? '']
  if (typeof value !== 'string' && !(typeof value === 'number' && format?.takesNumbers)) return null
  const text = String(value)
  if (format !== undefined) {
    const decoded = format.decode(text, schema)
    // All that the schema says is a path is absolute from here on.
    return schema.format === 'path' && 'value' in decoded ? { value: resolve(folder, text) } : decoded
  }
  const { enum: words, pattern, minLength = 0, maxLength = Number.POSITIVE_INFINITY } = schema
  const isGood = words?.includes(text) ?? (pattern === undefined || new RegExp(pattern).test(text))
  const isOfLength = text.length >= minLength && text.length <= maxLength
  return isGood && isOfLength ? { value: text } : no(kindOf(schema))
}
