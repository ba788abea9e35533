// A matcher of regular expressions that goes back as RegExp does, and counts the characters that it looks at.
import { parseRegex, type RegexNode } from '../../../server/lib/regex-parse.ts'

class TooMany extends Error {}

/** Steps that a search takes; more than `most`: it was given up. */
export function stepsOf(pattern: string, text: string, most: number): number {
  const node = parseRegex(pattern)
  let steps = 0
  const go = (one: RegexNode, at: number, then: (at: number) => boolean): boolean => {
    if (++steps > most) throw new TooMany()
    if (one.is === 'set') {
      const code = text.charCodeAt(at)
      return at < text.length && one.ranges.some(([from, to]) => code >= from && code <= to) && then(at + 1)
    }
    if (one.is === 'start') return at === 0 && then(at)
    if (one.is === 'assertion') return at === text.length && then(at)
    if (one.is === 'choice') return one.items.some((item) => go(item, at, then))
    if (one.is === 'sequence') return inOrder(one.items, at, then)
    if (one.is === 'repeat') return again(one, 0, at, then)
    throw new Error(`not made here: ${one.is}`)
  }
  const inOrder = (items: readonly RegexNode[], at: number, then: (at: number) => boolean): boolean => {
    const [first, ...rest] = items
    return first === undefined ? then(at) : go(first, at, (next) => inOrder(rest, next, then))
  }
  const again = (
    one: RegexNode & { readonly is: 'repeat' },
    round: number,
    at: number,
    then: (at: number) => boolean,
  ): boolean => {
    const isMore = round < one.max
    // A round beyond `min` that takes nothing is none.
    if (
      isMore &&
      go(one.body, at, (next) => (next > at || round < one.min) && again(one, round + 1, next, then))
    )
      return true
    return round >= one.min && then(at)
  }
  try {
    for (let at = 0; at <= text.length; at++) if (go(node, at, () => true)) break
  } catch (error) {
    if (!(error instanceof TooMany)) throw error
  }
  return steps
}
