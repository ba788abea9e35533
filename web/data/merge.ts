// JSON values held against each other: equality, merge patches (RFC 7396), and what a patch takes to come
// from one to the other.

export type JsonMap = Readonly<Record<string, unknown>>

export const isMap = (value: unknown): value is JsonMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Whether two say the same. A member that is undefined is as good as none. */
export function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (Array.isArray(a) || Array.isArray(b))
    return (
      Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((one, i) => isSame(one, b[i]))
    )
  if (!isMap(a) || !isMap(b)) return false
  const names = new Set([...Object.keys(a), ...Object.keys(b)])
  return [...names].every((name) => isSame(own(a, name), own(b, name)))
}

/** A member of its own: what each object inherits, as `__proto__`, is said by nobody. */
const own = (map: JsonMap, name: string): unknown => (Object.hasOwn(map, name) ? map[name] : undefined)

/** Sets a member of this name, which `map[name] =` does not where it is `__proto__`. */
function put(map: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(map, name, { value, writable: true, enumerable: true, configurable: true })
}

/** `target` with a patch applied (RFC 7396, 2): null removes, maps are merged, all else is replaced. */
export function merged(target: unknown, patch: unknown): unknown {
  if (!isMap(patch)) return patch
  const result: Record<string, unknown> = isMap(target) ? { ...target } : {}
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name]
    else put(result, name, merged(own(result, name), value))
  }
  return result
}

/** The least patch that makes `to` of `from`; null where they are the same. */
export function patchFrom(from: JsonMap, to: JsonMap): JsonMap | null {
  const patch: Record<string, unknown> = {}
  for (const name of Object.keys(from)) if (own(to, name) === undefined) put(patch, name, null)
  for (const [name, value] of Object.entries(to)) {
    const before = own(from, name)
    if (value === undefined || isSame(value, before)) continue
    put(patch, name, isMap(value) && isMap(before) ? (patchFrom(before, value) ?? {}) : value)
  }
  return Object.keys(patch).length === 0 ? null : patch
}

/** One field of a patch: where it leads, and what is to stand there; null: it goes. */
export interface Leaf {
  readonly path: readonly string[]
  readonly value: unknown
}

/** The fields of a patch. */
export function leavesOf(patch: JsonMap, above: readonly string[] = []): Leaf[] {
  return Object.entries(patch).flatMap(([name, value]) =>
    isMap(value) && Object.keys(value).length > 0
      ? leavesOf(value, [...above, name])
      : [{ path: [...above, name], value }],
  )
}

/** What stands at a path; undefined: nothing. */
export const at = (value: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((now, name) => (isMap(now) ? own(now, name) : undefined), value)

/** A patch of fields. */
export function patchOf(leaves: readonly Leaf[]): JsonMap {
  const patch: Record<string, unknown> = {}
  for (const { path, value } of leaves) {
    let now = patch
    for (const name of path.slice(0, -1)) {
      if (own(now, name) === undefined) put(now, name, {})
      now = own(now, name) as Record<string, unknown>
    }
    put(now, path.at(-1) ?? '', value)
  }
  return patch
}
