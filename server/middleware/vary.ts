// Vary (RFC 9110 §12.5.5): what of a request its answer went by.
import type { EditableHead } from '../head/editable-head.ts'
import type { ResponseHead } from '../head/response-head.ts'

/** All values of a field, with what steps have set. */
export function valuesOf(head: EditableHead, lower: string): string[] {
  const { edits } = head
  if (edits === null) return head.values(lower)
  const added = edits.added.filter((one) => one.lower === lower).map(({ value }) => value)
  return edits.removes(lower) ? added : [...head.values(lower), ...added]
}

/** The answer would differ for another value of this field; said once. */
export function varyBy(head: ResponseHead, name: string): void {
  for (const value of valuesOf(head, 'vary')) if (lists(value, name)) return
  head.add('Vary', name)
}

/** "*" is whatever there is. */
function lists(value: string, name: string): boolean {
  const lower = name.toLowerCase()
  return value.split(',').some((one) => one.trim() === '*' || one.trim().toLowerCase() === lower)
}
