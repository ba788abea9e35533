import { Type, type Static } from '@sinclair/typebox'
import type { Where } from '../config/where.ts'
import { SafeRegex, Words } from '../lib/kinds.ts'
import { MediaTypes } from './media-types.options.ts'

const Needle = Type.String({
  minLength: 1,
  maxLength: 1024,
  pattern: '^[^\\u0000]+$',
  allowed: '1 to 1024 characters',
  description: 'These very characters, in UTF-8.',
})

const Edit = Type.Object(
  {
    text: Type.Optional(Needle),
    regex: Type.Optional(
      SafeRegex({
        description:
          'A pattern; (?i:…) ignores case. Matches of more than 1024 characters stay, 256 where the pattern may take long.',
      }),
    ),
    with: Type.String({
      maxLength: 1024,
      description:
        'What stands there instead, with variables in braces, whose values are escaped for pages and JSON. Of a regex also $1 to $9, $<name> and $& for what was matched, $$ for a dollar sign.',
    }),
    count: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_000_000,
        description: 'Only the first so many of a body; left out: all.',
      }),
    ),
  },
  {
    description: 'Either text or regex.',
    also: { from: 'text', search: 'text', find: 'text', to: 'with', replacement: 'with', pattern: 'regex' },
    lacks: { ignore_case: 'write a regex: "(?i:…)"' },
  },
)

export const ReplaceOptions = Type.Object(
  {
    edits: Type.Array(Edit, {
      minItems: 1,
      maxItems: 32,
      description: 'One after the other: each sees what the one before it has made.',
    }),
    types: MediaTypes(
      [
        'text/html',
        'text/css',
        'text/plain',
        'text/javascript',
        'application/javascript',
        'application/json',
      ],
      'Media types of the bodies that are changed.',
    ),
    ranges: Words(['drop', 'pass'], {
      default: 'drop',
      description:
        'What becomes of requests for a part of a body (Range): drop has them answered as a whole; pass lets parts through as they are, without a change: right where a rule has large files beside its pages.',
    }),
  },
  {
    description:
      'Replaces text in bodies of answers, as they pass. Servers are asked not to compress (Accept-Encoding is taken out); what is compressed all the same passes as it is. Put compress before it in the list.',
    also: { rules: 'edits', replacements: 'edits', filters: 'edits', content_types: 'types' },
  },
)
export type ReplaceConfig = Static<typeof ReplaceOptions>
export type ReplaceEdit = ReplaceConfig['edits'][number]

export function checkReplace({ edits }: ReplaceConfig, where: Where): void {
  for (const [index, edit] of edits.entries()) checkEdit(edit, ['edits', index], where)
}

function checkEdit({ text, regex, with: to }: ReplaceEdit, path: (string | number)[], where: Where): void {
  where.checkText([...path, 'with'], to, 'answer')
  const isNeither = text === undefined && regex === undefined
  if (isNeither || (text !== undefined && regex !== undefined)) {
    // One that is wrong is told already.
    const isWrong = isNeither && ['text', 'regex'].some((key) => where.kindOf([...path, key]) !== null)
    if (where.kindOf(path) === 'map' && !isWrong)
      where.report(path, {
        code: 'conflict',
        found: isNeither ? 'neither text nor regex' : 'both text and regex',
        allowed: 'one of them',
        hint: 'write an edit for each',
      })
  } else if (regex !== undefined && matchesNothing(regex))
    where.report([...path, 'regex'], {
      code: 'wrong-value',
      found: 'a pattern that matches no characters at all, which is everywhere',
      allowed: 'one that matches something',
      hint: 'write "+" for "*"',
    })
}

/** Not of one that does not compile, which is told already. */
function matchesNothing(regex: string): boolean {
  try {
    return new RegExp(regex).exec('')?.[0] === ''
  } catch {
    return false
  }
}
