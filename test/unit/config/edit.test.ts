// One setting of a text is changed, and not a character beside it.
import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { editText } from '../../../server/config/edit/edit.ts'
import { Problems } from '../../../server/config/problem.ts'
import { readTree } from '../../../server/config/read.ts'
import { changedLines } from '../../../server/lib/unified-diff.ts'
import type { Plain } from '../../../server/config/spell.ts'
import { Lines, locate, type Path, readPath, type Tree, treeAt } from '../../../server/config/tree.ts'

const FIXTURE = `# Edge - owner: ops@example.com
version: 1   # schema version

global:
    log_level: info        # trace|debug|info
    log_format: 'json'
    empty:   # nothing yet

x-defaults: &hc
  type: http
  path: /health

backends:
- name: web          # main pool
  servers:
  - { address: "127.0.0.1:9001", weight: 3 }   # rack A
  - { address: "127.0.0.1:9002", weight: 1 }   # rack B
  # - { address: "127.0.0.1:9003" } # parked
  health_check:
    <<: *hc
    expected: [200, 204,   301]
  other: *hc

- name: api
  servers:
  - address: 10.0.0.1:8080

  - address: 10.0.0.2:8080   # new
    weight: 5
  text: >
    A folded text
    over lines.
# trailing comment
`

const edit = (file: string, text: string, { path, to }: { path: Path; to: Plain | null }) =>
  editText(file, text, [to === null ? { do: 'remove', path } : { do: 'set', path, to }])

/** The lines that went and came. */
function change(before: string, path: string, to: Plain | null, file = 'a.yaml'): string[] {
  const edited = edit(file, before, { path: readPath(path), to })
  if ('refused' in edited) return [edited.refused]
  const [old, now] = [before.split('\n'), edited.text.split('\n')]
  const from = old.findIndex((line, i) => line !== now[i])
  const start = from < 0 ? old.length : from
  let tail = 0
  while (tail < Math.min(old.length, now.length) - start && old.at(-1 - tail) === now.at(-1 - tail)) tail++
  return [
    ...old.slice(start, old.length - tail).map((line) => `-${line}`),
    ...now.slice(start, now.length - tail).map((line) => `+${line}`),
  ]
}

const CHANGES: readonly (readonly [path: string, to: Plain | null, ...lines: readonly string[]])[] = [
  [
    'global.log_level',
    'debug',
    '-    log_level: info        # trace|debug|info',
    '+    log_level: debug        # trace|debug|info',
  ],
  ['global.log_format', 'text', "-    log_format: 'json'", "+    log_format: 'text'"],
  ['global.log_format', "it's", "-    log_format: 'json'", "+    log_format: 'it''s'"],
  ['global.empty', 7, '-    empty:   # nothing yet', '+    empty: 7   # nothing yet'],
  ['global.added', 'a, b: c', "+    added: 'a, b: c'"],
  // What is to hold it comes with it.
  ['global.new.deep', 'a', '+    new:', '+      deep: a'],
  ['global.empty.deep', 7, '+      deep: 7'],
  ['nowhere.at.all', 1, '+', '+nowhere:', '+  at:', '+    all: 1'],
  [
    'backends[0].servers[0].weight',
    0,
    '-  - { address: "127.0.0.1:9001", weight: 3 }   # rack A',
    '+  - { address: "127.0.0.1:9001", weight: 0 }   # rack A',
  ],
  [
    'backends[0].servers[0].backup',
    true,
    '-  - { address: "127.0.0.1:9001", weight: 3 }   # rack A',
    '+  - { address: "127.0.0.1:9001", weight: 3, backup: true }   # rack A',
  ],
  ['backends[0].servers[1]', null, '-  - { address: "127.0.0.1:9002", weight: 1 }   # rack B'],
  ['backends[0].servers[2]', { address: 'x:1' }, '+  - { address: "x:1" }'],
  [
    'backends[0].health_check.expected[1]',
    null,
    '-    expected: [200, 204,   301]',
    '+    expected: [200,   301]',
  ],
  [
    'backends[0].health_check.expected[3]',
    404,
    '-    expected: [200, 204,   301]',
    '+    expected: [200, 204,   301, 404]',
  ],
  ['backends[1].servers[1].weight', null, '-    weight: 5'],
  [
    'backends[1].servers[1].address',
    null,
    '-  - address: 10.0.0.2:8080   # new',
    '-    weight: 5',
    '+  - weight: 5',
  ],
  ['backends[1].text', 'x # y', '-  text: >', '-    A folded text', '-    over lines.', '+  text: "x # y"'],
  ['version', null, '-version: 1   # schema version'],
]

describe('a change touches the lines of its setting only', () => {
  test.each(CHANGES)('%s = %j', (path, to, ...lines) => {
    expect(change(FIXTURE, path, to)).toEqual([...lines])
    // The same where lines end with CR LF, and where the last line does not end.
    const windows = edit('a.yaml', FIXTURE.replaceAll('\n', '\r\n'), { path: readPath(path), to })
    const plain = edit('a.yaml', FIXTURE, { path: readPath(path), to })
    if ('refused' in windows || 'refused' in plain) throw new Error('refused')
    expect(windows.text).toBe(plain.text.replaceAll('\n', '\r\n'))
  })

  test('what an anchor brings in gets a value of its own where that is wanted', () => {
    expect(change(FIXTURE, 'backends[0].health_check.path', '/up')).toEqual(['+    path: /up'])
    expect(change(FIXTURE, 'backends[0].health_check.path', null)).toEqual([
      '-    <<: *hc',
      '+    type: http',
    ])
    expect(change(FIXTURE, 'backends[0].other', 'none')).toEqual(['-  other: *hc', '+  other: none'])
    expect(change(FIXTURE, 'backends[0].other.path', '/up')).toEqual([
      '-  other: *hc',
      '+  other:',
      '+    <<: *hc',
      '+    path: /up',
    ])
  })

  test('in JSON all is written as JSON', () => {
    const json = '{\n  "listen": ":0",\n  "backends": [\n    { "url": "http://a:1" }\n  ]\n}\n'
    expect(change(json, 'listen', ':1', 'a.json')).toEqual(['-  "listen": ":0",', '+  "listen": ":1",'])
    expect(change(json, 'backends[0].weight', 2, 'a.json')).toEqual([
      '-    { "url": "http://a:1" }',
      '+    { "url": "http://a:1", "weight": 2 }',
    ])
  })

  test('the only key or item leaves an empty map or list', () => {
    expect(change('a:\n  b: 1\nc: 2\n', 'a.b', null)).toEqual(['-a:', '-  b: 1', '+a: {}'])
    expect(change('a: [1]\n', 'a[0]', null)).toEqual(['-a: [1]', '+a: []'])
    expect(change('a: []\n', 'a[0]', 'x')).toEqual(['-a: []', '+a: [x]'])
    expect(change('a: {}\n', 'a.b', 'x')).toEqual(['-a: {}', '+a:', '+  b: x'])
    expect(change('a: 1', 'b', 2)).toEqual(['+b: 2'])
  })
})

const BRACKETS = `a:
- one
b: [
  1, # first
  2, # second
  3  # third
]
c:
  - k: 1
    # of l
    l: 2
d: # what d is
  - 5
`

test.each([
  // The comment of another line stays where an item in brackets has lines of its own.
  ['b[1]', null, ['-  2, # second']],
  ['b[0]', null, ['-  1, # first']],
  ['b[2]', null, ['-  2, # second', '-  3  # third', '+  2 # second']],
  ['b[3]', 4, ['-  3  # third', '+  3,  # third', '+  4']],
  // What stands before the next key belongs to that.
  ['c[0].k', null, ['-  - k: 1', '-    # of l', '+  - # of l']],
  // Below its key, and as deep, only a list may stand.
  ['a[0]', null, ['-a:', '-- one', '+a: []']],
  ['a', 'x', ['-a:', '-- one', '+a: x']],
  ['d[0]', null, ['-d: # what d is', '-  - 5', '+d: [] # what d is']],
] as const)('%s = %j keeps comments of others, and is written where it can stand', (path, to, lines) => {
  expect(change(BRACKETS, path, to)).toEqual([...lines])
  const windows = edit('a.yaml', BRACKETS.replaceAll('\n', '\r\n'), { path: readPath(path), to })
  const plain = edit('a.yaml', BRACKETS, { path: readPath(path), to })
  if ('refused' in windows || 'refused' in plain) throw new Error('refused')
  expect(windows.text).toBe(plain.text.replaceAll('\n', '\r\n'))
})

test.each([
  [
    'x-defaults.path',
    '/up',
    'x-defaults comes from an anchor, which other places use as well: edit the file by hand',
  ],
  ['nowhere', null, 'there is no such setting'],
  [
    'backends[7]',
    1,
    'there is no such place: backends is a list, whose places are backends[0] to backends[2], where 2 adds one',
  ],
  [
    'backends.web.other',
    1,
    'there is no such place: backends is a list, whose places are backends[0] to backends[2], where 2 adds one',
  ],
  ['version.major', 1, 'there is no such place: version is one value'],
  ['', 1, 'the name of a setting is missing'],
] as const)('%s = %j is refused', (path, to, why) => {
  expect(change(FIXTURE, path, to)).toEqual([why])
})

test('a text that cannot be read is refused', () => {
  expect(change('a: [', 'a', 2)).toEqual(['the file cannot be read'])
})

/** Every path in a tree. */
function* pathsIn(tree: Tree, path: Path = []): Generator<Path> {
  if (path.length > 0) yield path
  if (tree.is === 'list')
    for (const [index, item] of tree.items.entries()) yield* pathsIn(item, [...path, index])
  if (tree.is === 'map') for (const [key, { value }] of tree.entries) yield* pathsIn(value, [...path, key])
}

test.each(['sluice.yaml', 'examples/rules.yaml', 'examples/turn.yaml', 'examples/minimal.json'])(
  'every setting of %s can be changed and removed, and no comment elsewhere goes',
  (name) => {
    const text = readFileSync(join(resolve(import.meta.dir, '../../../config'), name), 'utf8')
    const lines = new Lines(name, text)
    const tree = readTree(text, lines, new Problems(lines))
    if (tree === null) throw new Error('not read')
    for (const path of pathsIn(tree))
      for (const to of [null, 'a # b: "c"', 5]) {
        // Nothing would be left.
        if (to === null && path.length === 1 && tree.entries.size === 1) continue
        const edited = edit(name, text, { path, to })
        // An anchor in it has a use elsewhere.
        if ('refused' in edited && hasShared(treeAt(tree, path))) continue
        if ('refused' in edited) throw new Error(`${JSON.stringify(path)} = ${to}: ${edited.refused}`)
        const { went, came } = changedLines(text, edited.text)
        const own = text.slice(locate(tree, path).at, endWithin(text, tree, path)).split('\n').length
        // Lines of the setting with that of its key, and at most two new ones; of what an anchor brings in
        // there comes a copy.
        if (path.some((_, depth) => treeAt(tree, path.slice(0, depth))?.isShared)) continue
        if (went > own + 1 || came > 2)
          throw new Error(`${JSON.stringify(path)} = ${to}: ${went} ${came} ${own}`)
      }
  },
)

/** Behind the comments below a setting that are written further in than it is. */
function endWithin(text: string, tree: Tree, path: Path): number {
  const { at } = locate(tree, path)
  const end = treeAt(tree, path)?.end ?? at
  // Of an item that of its dash.
  const column = at - text.lastIndexOf('\n', at - 1) - (typeof path.at(-1) === 'number' ? 3 : 1)
  const [within = ''] =
    new RegExp(`^[^\\n]*\\n(?:[ ]*\\n|[ ]{${column + 1},}#[^\\n]*\\n)*`).exec(text.slice(end)) ?? []
  return end + within.length
}

function hasShared(tree: Tree | null): boolean {
  if (tree === null || tree.isShared) return tree !== null
  if (tree.is === 'scalar') return false
  return tree.is === 'list'
    ? tree.items.some(hasShared)
    : [...tree.entries.values()].some((one) => hasShared(one.value))
}
