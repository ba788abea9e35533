// What each text begins with that a regular expression is found in: by that an index finds the expression.
import { parseRegex, type RegexNode } from './regex-parse.ts'

/** '': it may be found in others, or nobody knows. */
export function beginOf(pattern: string): string {
  const node = parseRegex(pattern)
  const items: readonly RegexNode[] = node.is === 'sequence' ? node.items : [node]
  if (items[0]?.is !== 'start') return ''
  let begin = ''
  for (const item of items.slice(1)) {
    const [range, ...more] = item.is === 'set' ? item.ranges : []
    if (range === undefined || more.length > 0 || range[0] !== range[1]) break
    begin += String.fromCharCode(range[0])
  }
  return begin
}
