// Which fields of a resource are others than they were.
import { isMap, type Value } from '../../config/edit/values.ts'

/** JSON pointers (RFC 6901) of what differs; lists are told as a whole, as a change of fields sends them. */
export function changedFields(before: Value, after: Value, pointer = ''): string[] {
  if (!isMap(before) || !isMap(after)) return Bun.deepEquals(before, after) ? [] : [pointer]
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((key) => {
    const own = `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
    if (before.has(key) !== after.has(key)) return [own]
    return changedFields(before.get(key), after.get(key), own)
  })
}
