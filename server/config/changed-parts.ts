// Which rules and backends an edit of a config leaves as they are: values that it does not touch stay the
// same objects.
import { isList, isMap, type Value } from './edit/values.ts'
import { listAt, mapAt, type MapTree, scalarAt, type Tree } from './tree.ts'

/** What is written of something new, in its place among all that is new of its kind. */
interface New {
  readonly place: number
  readonly value: Value
}

export interface ChangedParts {
  /** In their new order: where each stood, or what is new. */
  readonly rules: readonly (number | New)[]
  /** By name, in their new order: the name that each had, or what is new. */
  readonly backends: ReadonlyMap<string, string | New>
}

/** What is new is read at once: more of it is for a process of its own. */
const NEW_MAX = 200

/** Null: something else is other than it was, or too much is. `counts`: of what was checked. */
export function changedParts(
  before: Value,
  after: Value,
  counts: { readonly rules: number; readonly backends: number },
): ChangedParts | null {
  if (!isMap(before) || !isMap(after) || !hasSameRest(before, after)) return null
  const [oldRules, newRules] = [before.get('rules'), after.get('rules')].map((one) => one ?? [])
  const [oldBackends, newBackends] = [before.get('backends'), after.get('backends')]
  if (!isList<Value>(oldRules) || !isList<Value>(newRules)) return null
  if (!isMap(oldBackends) || !isMap(newBackends)) return null
  // What was put in place of one word may have become several.
  if (oldRules.length !== counts.rules || oldBackends.size !== counts.backends) return null
  let rulesNew = 0
  const places = new Map(oldRules.map((rule, index) => [rule, index]))
  const rules = newRules.map((value) => places.get(value) ?? { place: rulesNew++, value })
  const backends = new Map<string, string | New>()
  for (const [name, value] of newBackends)
    backends.set(name, oldBackends.get(name) === value ? name : { place: backends.size, value })
  const isFew = [...rules, ...backends.values()].filter((one) => typeof one === 'object').length <= NEW_MAX
  return isFew ? { rules, backends } : null
}

function hasSameRest(before: ReadonlyMap<string, Value>, after: ReadonlyMap<string, Value>): boolean {
  const keys = new Set([...before.keys(), ...after.keys()])
  return [...keys].every(
    (key) => key === 'rules' || key === 'backends' || (before.get(key) ?? null) === (after.get(key) ?? null),
  )
}

/** All that is new as if nothing else stood in the file; null: a variable is to be filled in there. */
export function treeOfParts({ rules, backends }: ChangedParts): MapTree | null {
  const newRules = rules.flatMap((one) => (typeof one === 'number' ? [] : [treeOf(one.value)]))
  const newBackends = [...backends].flatMap(([name, one]) =>
    typeof one === 'string' ? [] : [[name, treeOf(one.value)] as const],
  )
  if ([...newRules, ...newBackends.map(([, tree]) => tree)].includes(null)) return null
  const entries = new Map(newBackends.map(([name, value]) => [name, entryAt(value as Tree)]))
  return mapAt(
    0,
    new Map([
      ['rules', entryAt(listAt(0, newRules as Tree[]))],
      ['backends', entryAt(mapAt(0, entries))],
    ]),
  )
}

const entryAt = (value: Tree) => ({ at: 0, end: 0, value })

function treeOf(value: Value): Tree | null {
  if (isMap(value)) {
    const entries = Array.from(value, ([key, item]) => [key, treeOf(item)] as const)
    if (entries.some(([key, tree]) => tree === null || key.includes('${'))) return null
    return mapAt(0, new Map(entries.map(([key, tree]) => [key, entryAt(tree as Tree)])))
  }
  if (isList<Value>(value)) {
    const items = value.map(treeOf)
    return items.includes(null) ? null : listAt(0, items as Tree[])
  }
  if (value === undefined || (typeof value === 'string' && value.includes('${'))) return null
  return scalarAt(0, value)
}
