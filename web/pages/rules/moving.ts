// Moving a rule of the list that is shown, which may be a part of all: what is between is left where it is.
import { placed } from '../../data/rule-order.ts'

/** Beside which rule of the list it goes. */
export type Target = { readonly before: string } | { readonly after: string }

/** The order of all after one has moved. */
export function orderAfter(order: readonly string[], id: string, target: Target): readonly string[] {
  if ('after' in target) return placed(order, id, target.after)
  const rest = order.filter((one) => one !== id)
  return placed(order, id, rest[rest.indexOf(target.before) - 1] ?? null)
}

/** A step up or down in the list; null: it is at its end. */
export function stepTarget(list: readonly string[], id: string, step: -1 | 1): Target | null {
  const other = list[list.indexOf(id) + step]
  if (other === undefined) return null
  return step === -1 ? { before: other } : { after: other }
}

/** The place between two of the list; null: it stays. `to` counts the rule itself as one of them. */
export function dropTarget(list: readonly string[], id: string, to: number): Target | null {
  const at = list.indexOf(id)
  if (to === at || to === at + 1) return null
  const before = list[to]
  const last = list.at(-1)
  return before === undefined ? (last === undefined ? null : { after: last }) : { before }
}
