import type { SchemaNode } from './schema-node.ts'

/** Whether a header field carries credentials, whatever it is called exactly. */
export const isSecretField = (name: string): boolean =>
  /authori[sz]ation|cookie|token|secret|passw|api[-_]?key|credential/i.test(name)

/** Whether it is a value of a field or the like, or what one must be: by some names those are secrets. */
export function mayHoldSecrets({ format, anyOf = [] }: Pick<SchemaNode, 'format' | 'anyOf'>): boolean {
  if (format === 'value-or-map') return mayHoldSecrets(anyOf[0] ?? {})
  return format === 'field-value' || format === 'text-value'
}
