// Numbers and truth values of scalars. What was put in place of a whole ${…} is text until a number is
// wanted.
import type { Scalar } from './tree.ts'

/** The number that a scalar is; null for anything else. */
export function readNumber({ value, loose }: Scalar): number | null {
  if (typeof value === 'number') return value
  if (!loose || typeof value !== 'string') return null
  const text = value.trim()
  return /^[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?$|^0x[0-9a-fA-F]+$|^0o[0-7]+$/.test(text)
    ? Number(text)
    : null
}

/** The truth value that a scalar is; null for anything else. */
export function readBoolean({ value, loose }: Scalar): boolean | null {
  if (typeof value === 'boolean') return value
  if (!loose || typeof value !== 'string') return null
  const text = value.trim().toLowerCase()
  return text === 'true' ? true : text === 'false' ? false : null
}
