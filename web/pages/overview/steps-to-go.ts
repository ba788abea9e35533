// How far a new gateway is from its first request that a server answers.
import type { Change } from '../../data/change.ts'

export type StepState = 'open' | 'drafted' | 'done'

export interface Steps {
  readonly backend: StepState
  readonly lead: StepState
}

interface Written {
  readonly configured: unknown
}

export interface Known {
  readonly backends: number
  readonly listeners: readonly Written[]
  readonly rules: readonly Written[]
  readonly changes: readonly Change[]
}

/** Null: something leads to a backend, or to a relay: there is nothing to show anybody the way to. */
export function stepsOf({ backends, listeners, rules, changes }: Known): Steps | null {
  if ([...listeners, ...rules].some(({ configured }) => leads(configured))) return null
  const isDrafted = (is: (change: Change) => boolean): boolean => changes.some(is)
  const backend = isDrafted(({ op, resource }) => op === 'create' && /^backends\/[^/]+$/.test(resource))
  const lead = isDrafted(
    (change) => /^(?:listeners|rules)\//.test(change.resource) && leads(fieldsOf(change)),
  )
  return {
    backend: backends > 0 ? 'done' : backend ? 'drafted' : 'open',
    lead: lead ? 'drafted' : 'open',
  }
}

const fieldsOf = (change: Change): unknown =>
  change.op === 'create' ? change.value : change.op === 'update' ? change.patch : null

function leads(fields: unknown): boolean {
  const { backend, protocol } = (fields ?? {}) as { readonly backend?: unknown; readonly protocol?: unknown }
  return (
    typeof backend === 'string' || (typeof backend === 'object' && backend !== null) || protocol === 'turn'
  )
}
