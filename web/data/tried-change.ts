// What the gateway says to a change, by the fields of the form.
import type { Problem } from './problem.ts'

export interface TriedChange {
  /** By JSON pointer into the resource; '': of the whole. */
  readonly errors: Readonly<Record<string, string>>
  /** What stands at no field. */
  readonly general: string | null
}

/** `pointer` is that of the resource in what was sent. */
export function triedOf(
  { errors, detail }: Pick<Problem, 'errors' | 'detail'>,
  pointer: string,
): TriedChange {
  const own: Record<string, string> = {}
  let general: string | null = null
  for (const one of errors) {
    const words = (one.hint ?? '') === '' ? one.message : `${one.message}: ${one.hint}`
    if (one.pointer?.startsWith(pointer) === true && one.pointer !== pointer)
      own[one.pointer.slice(pointer.length)] ??= words
    else if (one.pointer === pointer || one.pointer === undefined) general ??= words
  }
  return { errors: own, general: general ?? (errors.length === 0 ? detail : null) }
}
