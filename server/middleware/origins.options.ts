// Which origins are meant: what cors lets read, and whom csrf believes.
import { Type, type Static } from '@sinclair/typebox'
import type { Where } from '../config/where.ts'
import { Origin, SafeRegex, ValueOrMap } from '../lib/kinds.ts'
import { wholeRegex } from '../lib/origin.ts'
import { judgeRegex } from '../lib/regex-safety.ts'

export const OriginOptions = ValueOrMap(
  Origin({
    description:
      '"https://app.example" exactly; "https://*.app.example" for all names below it; "http://localhost:*" for any port.',
  }),
  Type.Object(
    {
      regex: SafeRegex({ description: 'A pattern that all of the origin must fit, from end to end.' }),
    },
    { description: 'A regular expression.', also: { regexp: 'regex', pattern: 'regex', matches: 'regex' } },
  ),
  { description: 'An origin, several by a pattern, or by a regular expression.' },
)
export type OriginWords = Static<typeof OriginOptions>

/** Origins that nobody means one by one: who takes these takes all. */
const STRANGERS = ['https://stranger.invalid', 'http://other.test:8080', 'https://a.b.c.example.com']

/** Whether a pattern takes whoever comes. */
export function takesAll(words: OriginWords): boolean {
  if (typeof words === 'string') return words === '*'
  const judged = judgeRegex(wholeRegex(words.regex))
  if ('part' in judged) return false
  const pattern = new RegExp(wholeRegex(words.regex))
  return STRANGERS.every((one) => pattern.test(one))
}

/** Checks the patterns among these: bound to both ends they may be slower than as they are written. */
export function checkOrigins(origins: readonly OriginWords[], key: string, where: Where): void {
  const isList = where.kindOf([key]) === 'list'
  for (const [place, words] of origins.entries()) {
    if (typeof words === 'string') continue
    const path = isList ? [key, place, 'regex'] : [key, 'regex']
    const judged = judgeRegex(wholeRegex(words.regex))
    if (!('part' in judged)) checkDots(words.regex, path, where)
    else if (!('part' in judgeRegex(words.regex)))
      where.report(path, {
        code: 'wrong-value',
        found: where.quoted(path, words.regex),
        allowed: 'a regular expression that no origin makes slow, bound to both ends',
        hint: judged.hint,
      })
  }
}

/** "https://app.example" as a pattern takes "https://appxexample" too, which anybody can have. */
function checkDots(regex: string, path: (string | number)[], where: Where): void {
  if (!/(?<!\\)[a-z0-9]\.(?:[a-z]{2,})(?:\$|\)|:|$)/i.test(regex)) return
  where.warn(path, {
    code: 'wrong-value',
    found: `${where.quoted(path, regex)}, in which a dot stands for any character`,
    allowed: 'a dot of a name as "[.]"',
    hint: 'write "[.]" for each dot of a name, else names that only look alike are taken too',
  })
}
