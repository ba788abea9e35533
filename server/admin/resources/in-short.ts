// What a change of resources is called in the history where its author says nothing.
import type { Operation } from './operations.ts'

const SHOWN_MAX = 3
const FIELDS_MAX = 5
const NAME_CHARS_MAX = 100
const DONE: Readonly<Record<Operation['op'], string>> = {
  create: 'added',
  update: 'changed',
  replace: 'replaced',
  delete: 'removed',
  move: 'moved',
  reorder: 'put in order',
}

/** `backends/api/servers/api-3 changed (weight)`; null: there is nothing to say. */
export function inShort(operations: readonly Operation[]): string | null {
  const shown = operations.slice(0, SHOWN_MAX).map(oneInShort)
  const more = operations.length - shown.length
  return shown.length === 0 ? null : `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

/** Of what is sent the names of its fields alone: values may be secrets. */
function oneInShort(operation: Operation): string {
  const done = DONE[operation.op]
  const sent = 'value' in operation ? fieldsOf(operation.value) : {}
  if ('of' in operation) {
    const fields = operation.op === 'update' ? Object.keys(sent) : []
    const shown = `${fields.slice(0, FIELDS_MAX).join(', ')}${fields.length > FIELDS_MAX ? ', …' : ''}`
    return `${operation.of.name}/${operation.of.id} ${done}${fields.length > 0 ? ` (${shown})` : ''}`
  }
  const given = operation.op === 'create' ? (operation.id ?? sent['name'] ?? sent['url']) : null
  const id = typeof given === 'string' ? `/${given.slice(0, NAME_CHARS_MAX)}` : ''
  return `${operation.in.name}${id} ${done}`
}

/** Nobody has looked yet whether it is a map. */
const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}
