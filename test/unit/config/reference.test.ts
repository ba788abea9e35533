import { Type } from '@sinclair/typebox'
import { expect, test } from 'bun:test'
import { chaptersText } from '../../../server/config/reference.ts'
import type { SchemaNode } from '../../../server/config/schema-node.ts'
import { BEGIN, END, madeFiles } from '../../../server/config/write-schema.ts'
import { Duration, MapOf, Name, OneOrMore, ValueOrMap, Words } from '../../../server/lib/kinds.ts'

const node = (schema: unknown): SchemaNode => schema as SchemaNode

const Part = Type.Object(
  {
    weight: Type.Integer({ default: 1, minimum: 0, description: 'Share.' }),
    to: Name({ description: 'Where.' }),
  },
  { description: 'One part.' },
)
const Deep = Type.Object(
  {
    mode: Words(['on', 'a|b'], { default: 'on', description: 'How: `a*b` or *.' }),
    parts: Type.Array(Part, { minItems: 1, maxItems: 9, description: 'Parts.' }),
    every: Type.Optional(Duration({ least: '1s', description: 'A time.' })),
    names: MapOf('name', OneOrMore(Name({ description: 'One.' }), 'Some.'), 'By name.'),
    page: ValueOrMap(Name({ description: 'One.' }), Type.Object({ file: Name({ description: 'It.' }) }), {
      description: 'A page.',
    }),
  },
  { description: 'All of it.' },
)

test('each option has a row: what it takes, what holds where it is left out, what it means', () => {
  expect(chaptersText([{ title: 'deep', schema: node(Deep) }]).split('\n')).toEqual([
    '## deep',
    '',
    'All of it.',
    '',
    '| option | takes | default | is |',
    '| --- | --- | --- | --- |',
    '| `mode` | `on`, `a\\|b` | `on` | How: `a*b` or \\*. |',
    '| `parts` | a list of 1 to 9: a map | must be written | Parts. |',
    '| `parts[].weight` | a whole number of at least 0 | `1` | Share. |',
    '| `parts[].to` | a name | must be written | Where. |',
    '| `every` | a duration between 1s and 24d |  | A time. |',
    '| `names` | a map, by name: a name; or a list of such |  | By name. |',
    '| `page` | a name; or a map | must be written | A page. |',
    '| `page.file` | a name | must be written | It. |',
  ])
})

test('what has a chapter is pointed at, where it holds itself as well', () => {
  const Self = Type.Object({ part: Part }, { description: 'Itself.' })
  Object.assign(Self['properties'], { all: Type.Array(Self, { default: [], description: 'More.' }) })
  const text = chaptersText([
    { title: 'Self', schema: node(Self) },
    { title: 'One part', schema: node(Part) },
  ])
  expect(text).toContain('| `part` | [One part](#one-part) | must be written | One part. |')
  expect(text).toContain('| `all` | a list of [Self](#self) |  | More. |')
})

test('pages are made between their marks, and nowhere else', () => {
  const pages = [...madeFiles()].filter(([path]) => path.endsWith('.md'))
  expect(pages.map(([path]) => path)).toContain('docs/middleware-reference.md')
  for (const [, text] of pages) {
    expect(text.split(BEGIN)).toHaveLength(2)
    expect(text.slice(text.indexOf(BEGIN), text.indexOf(END))).toContain('| --- |')
    expect(text.slice(0, text.indexOf(BEGIN))).toMatch(/^# .+\n\n.+/)
  }
})
