// What a schema has against a query or a body, in the words of the schema.
import type { ValidationError } from 'elysia'
import { isSecretField } from '../config/secret-field.ts'
import { problem, type ProblemItem } from './problem.ts'

const ITEMS_MAX = 50

/** The problem that says what stands against a request. */
export function invalidAnswer({ type, all }: ValidationError): Response {
  const found = all.slice(0, ITEMS_MAX).flatMap((one) => itemOf(type, one as SchemaError))
  const errors = found.filter(({ pointer, parameter }, index) => {
    const first = found.findIndex((one) => one.pointer === pointer && one.parameter === parameter)
    return first === index
  })
  const detail =
    errors.map(({ pointer, parameter, message }) => {
      const place = parameter ?? pointer
      // The body as a whole has no pointer.
      return place ? `${place}: ${message}` : message
    })[0] ?? ''
  return type === 'query'
    ? problem('query_invalid', `The query is not understood: ${detail}.`, { errors })
    : problem('body_invalid', `The body does not fit: ${detail}.`, { errors })
}

interface SchemaError {
  readonly path?: string
  readonly message?: string
  readonly value?: unknown
  readonly schema?: { readonly [key: string]: unknown }
}

function itemOf(type: string, { path = '', message = '', value, schema = {} }: SchemaError): ProblemItem {
  const place = type === 'query' ? { parameter: path.slice(1) } : { pointer: path }
  if (message === 'Unexpected property') {
    const known = Object.keys((schema['properties'] as object | undefined) ?? {})
    const allowed = known.length === 0 ? 'there is none' : `known are ${known.join(', ')}`
    return { ...place, code: 'unknown', message: `is not known here: ${allowed}` }
  }
  if (value === undefined) return { ...place, code: 'missing', message: 'is missing' }
  return {
    ...place,
    code: 'invalid',
    message: `found ${spelledAt(path, value)}, allowed is ${allowedBy(schema, message)}`,
  }
}

/** A password that does not fit is not told back. */
const spelledAt = (path: string, value: unknown): string =>
  path.split('/').some(isSecretField) || path.endsWith('/code')
    ? 'something that is not shown'
    : spelled(value)

function spelled(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 80 ? `${text.slice(0, 77)}…` : text
}

/** What a schema allows, in its own words where it has some. */
function allowedBy(schema: { readonly [key: string]: unknown }, message: string): string {
  const { allowed, anyOf, const: only } = schema
  if (typeof allowed === 'string') return allowed
  if (only !== undefined) return JSON.stringify(only)
  if (Array.isArray(anyOf))
    return anyOf
      .map((one: { readonly [key: string]: unknown }) => allowedBy(one, String(one['type'])))
      .join(' or ')
  return message.replace(/^Expected /, '')
}
