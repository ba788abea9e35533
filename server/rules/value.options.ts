// What a header field, a part of the query, a cookie or a fact of a client must be.
import { Type } from '@sinclair/typebox'
import { FieldValue, SafeRegex, TextValue, ValueOrMap } from '../lib/kinds.ts'

/** What texts there are made of: a field's value, or any text. */
type TextKind = typeof FieldValue

const wordsOf = (text: TextKind) =>
  Type.Object(
    {
      is: Type.Optional(text({ description: 'The whole value, "*" as well.' })),
      prefix: Type.Optional(text({ description: 'How it begins.' })),
      suffix: Type.Optional(text({ description: 'How it ends.' })),
      contains: Type.Optional(text({ description: 'What stands in it.' })),
      regex: Type.Optional(
        SafeRegex({
          description:
            'A pattern that is looked for anywhere in it: "^" and "$" bind it to the ends, (?i:…) ignores case. Values of more than 8192 characters, 2048 where the pattern may take long, are not looked at: whoever hangs on one gets 400.',
        }),
      ),
      present: Type.Optional(Type.Boolean({ description: 'Whether there is one at all.' })),
      has: Type.Optional(
        FieldValue({
          description:
            'One member of a list with commas; of a field that comes several times, of any of them.',
        }),
      ),
      min: Type.Optional(Type.Number({ description: 'A number of at least this.' })),
      max: Type.Optional(Type.Number({ description: 'A number of at most this; beside min, or alone.' })),
    },
    {
      description: 'One of these; min and max may stand together.',
      also: {
        exact: 'is',
        equals: 'is',
        value: 'is',
        starts_with: 'prefix',
        ends_with: 'suffix',
        includes: 'contains',
        substring: 'contains',
        matches: 'regex',
        regexp: 'regex',
        pattern: 'regex',
        exists: 'present',
        member: 'has',
        minimum: 'min',
        gte: 'min',
        maximum: 'max',
        lte: 'max',
      },
      lacks: {
        not: 'it stands around a whole match: not: { header: … }',
        one_of: 'write a match for each below "any"',
        in: 'write a match for each below "any"',
        absent: 'write present: false',
        ignore_case: 'write (?i:…) in a regex',
      },
    },
  )
export type ValueWords = ReturnType<typeof wordsOf>['static']

const valueOf = (text: TextKind, description: string) =>
  ValueOrMap(text({ description: 'The whole value; "*" for any.' }), wordsOf(text), { description })

/** The whole value in short, or a map of one of the words. */
export const FieldPattern = valueOf(FieldValue, 'A value, or what it must be.')
export const TextPattern = valueOf(TextValue, 'A value, or what it must be.')
