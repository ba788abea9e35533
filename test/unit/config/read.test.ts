import { describe, expect, test } from 'bun:test'
import { Problems } from '../../../server/config/problem.ts'
import { readTree } from '../../../server/config/read.ts'
import { Lines, locate, type MapTree, type Path, treeAt } from '../../../server/config/tree.ts'
import { configOf, linesOf, problemsOf } from './parse.ts'

function read(file: string, text: string): { tree: MapTree; placeOf: (path: Path) => string } {
  const lines = new Lines(file, text)
  const tree = readTree(text, lines, new Problems(lines))
  if (tree === null) throw new Error('not read')
  const placeOf = (path: Path): string => {
    const { line, column } = lines.place(locate(tree, path).at)
    return `${line}:${column}`
  }
  return { tree, placeOf }
}

describe('YAML', () => {
  test('keys, items and values have the place where they stand', () => {
    const { placeOf } = read('a.yaml', '# c\na:\n  b: [1, 2]\n  "c": { d: 3 }\n\nlist:\n  - x: 1\n  - x: 2\n')
    expect(placeOf(['a'])).toBe('2:1')
    expect(placeOf(['a', 'b', 1])).toBe('3:10')
    expect(placeOf(['a', 'c'])).toBe('4:3')
    expect(placeOf(['a', 'c', 'd'])).toBe('4:10')
    expect(placeOf(['list', 1, 'x'])).toBe('8:5')
  })

  test('what is not there has the place of what would hold it', () => {
    const { placeOf } = read('a.yaml', 'a:\n  b: 1\nc: 2\n')
    expect(placeOf(['c', 'x', 'y'])).toBe('3:1')
  })

  test('lines end with CR LF as well, and a byte order mark counts for nothing', () => {
    const { placeOf } = read('a.yaml', 'a: 1\r\nb:\r\n  c: 1\r\n')
    expect(placeOf(['b', 'c'])).toBe('3:3')
    const [only] = Object.values(configOf('\uFEFFlisten: ":0"\nbackends: [{ url: "http://a:1" }]').listeners)
    expect(only?.bind).toEqual([':0'])
  })

  test('a key that stands twice in a map is a problem at the second', () => {
    expect(linesOf('listen: ":80"\nlisten: ":81"\n')[1]).toStartWith(
      '2:1: found the key "listen" a second time',
    )
  })

  test('a syntax error has its place, and says what to do where that is known', () => {
    expect(linesOf('a:\n\t- b')[0]).toBe(
      '2:1: found tabs are not allowed as indentation, allowed one valid document; indent with spaces',
    )
    expect(linesOf('a: "x')).toHaveLength(1)
    expect(linesOf('a: 1\n---\nb: 1')[0]).toStartWith('2:1: found a second document')
    expect(linesOf('a: !thing 1')[0]).toStartWith(
      '1:4: found unresolved tag, allowed one valid document; put the text in quotes',
    )
    expect(linesOf('? [a]\n: 1')[0]).toStartWith('1:3: found ')
  })

  test('anchors, aliases and merge keys work, and keys of the map itself win', () => {
    const text = `listeners: { web: { bind: ":0", backend: a } }
backends:
  a: &base
    algorithm: random
    servers: [{ url: "http://a:1" }]
    retry: { attempts: 2 }
  b:
    <<: *base
    algorithm: ip_hash
  c: { <<: [{ algorithm: first_available }, *base] }
`
    const { backends } = configOf(text)
    expect(backends['b']).toMatchObject({ algorithm: 'ip_hash', retry: { attempts: 2 } })
    expect(backends['c']).toMatchObject({ algorithm: 'first_available', retry: { attempts: 2 } })
  })

  test('aliases that stand for billions of values are refused at once', () => {
    const bomb = ['a0: &a0 [1,1,1,1,1,1,1,1,1,1]']
    for (let i = 1; i < 30; i++)
      bomb.push(
        `a${i}: &a${i} [${Array(10)
          .fill(`*a${i - 1}`)
          .join(',')}]`,
      )
    expect(linesOf(bomb.join('\n'))[0]).toContain('found aliases that stand for too much')
  })

  test('an alias of nothing, or of what it is part of, is a problem', () => {
    expect(linesOf('a: *b')[0]).toContain(
      'found text that begins with "*", allowed it in quotes, or the name of an anchor',
    )
    expect(linesOf('a: &a [*a]')[0]).toContain('found "*a" within "&a" itself')
    expect(linesOf('a: { <<: 1 }')[0]).toContain('found "<<" with something else than maps')
  })

  test('deep nesting is a problem, not an exception', () => {
    expect(problemsOf(`a: ${'['.repeat(100)}${']'.repeat(100)}`)[0]?.found).toBe('a value nested too deep')
    expect(problemsOf('['.repeat(20_000)).length).toBeGreaterThan(0)
    expect(problemsOf('{a: '.repeat(20_000)).length).toBeGreaterThan(0)
  })

  test('20,000 servers are read', () => {
    const servers = Array.from(
      { length: 20_000 },
      (_, i) => `  - { url: "http://10.0.${i >> 8}.${i & 255}:80" }`,
    )
    const config = configOf(`listen: ":0"\nbackends:\n${servers.join('\n')}`)
    expect(config.backends['default']?.servers).toHaveLength(20_000)
  })
})

describe('JSON', () => {
  test('is read with places, tabs and escapes included', () => {
    const { placeOf, tree } = read('a.json', '{\n\t"a": {\n\t\t"b\\u0063": [1, "x\\/y"]\n\t}\n}')
    expect(placeOf(['a', 'bc', 1])).toBe('3:18')
    expect(tree.entries.get('a')?.value).toMatchObject({ is: 'map' })
  })

  test('a key that stands twice is a problem', () => {
    expect(linesOf('{"listen": ":0",\n"listen": ":1"}', { file: 'a.json' })[1]).toStartWith(
      '2:1: found the key "listen" a second time',
    )
  })

  test('may name its schema for editors', () => {
    const text = '{"$schema": "./schema.json", "listen": ":0", "backends": [{"url": "http://a:1"}]}'
    expect(configOf(text, { file: 'a.json' }).rules).toHaveLength(1)
  })
})

describe('TOML', () => {
  test('keys, items and values have the place where they stand', () => {
    const text = `# c
a.b = 1
list = [ 1,
  2, # x
  { c = "]#", "d\\u0065" = '''
}''', f = 1 },
]

[t."u.v".w]
x = """a\\"
"""
  y = 1979-05-27T07:32:00Z
[[s]]
n = 1
[[s]]
n = 2
[s.in]
m = 1
[[s.deep]]
m = 1
["0"]
"1" = 2
`
    const { placeOf } = read('a.toml', text)
    expect(placeOf(['a', 'b'])).toBe('2:3')
    expect(placeOf(['list', 1])).toBe('4:3')
    expect(placeOf(['list', 2, 'c'])).toBe('5:5')
    expect(placeOf(['list', 2, 'de'])).toBe('5:15')
    expect(placeOf(['list', 2, 'f'])).toBe('6:7')
    expect(placeOf(['t', 'u.v', 'w', 'x'])).toBe('10:1')
    expect(placeOf(['t', 'u.v', 'w', 'y'])).toBe('12:3')
    expect(placeOf(['s', 0, 'n'])).toBe('14:1')
    expect(placeOf(['s', 1, 'n'])).toBe('16:1')
    expect(placeOf(['s', 1, 'in', 'm'])).toBe('18:1')
    expect(placeOf(['s', 1, 'deep', 0, 'm'])).toBe('20:1')
    expect(placeOf(['0', '1'])).toBe('22:1')
  })

  test('a syntax error has its place', () => {
    expect(linesOf('a = 1\nb = \n', { file: 'a.toml' })[0]).toStartWith('2:')
    expect(linesOf('a = 1\na = 2\n', { file: 'a.toml' })[0]).toStartWith('2:')
  })

  test('the same config in TOML and in YAML is the same', () => {
    const toml = `listen = ":0"
algorithm = "hash"
hash = { by = "path" }
[[backends]]
url = "http://a:1"
weight = 3
[health_check]
expect.status = ["2xx", 301]
`
    const yaml = `listen: ":0"
algorithm: hash
hash: { by: path }
backends: [{ url: "http://a:1", weight: 3 }]
health_check: { expect: { status: [2xx, 301] } }
`
    expect(configOf(toml, { file: '/etc/sluice/a.toml' })).toEqual(configOf(yaml))
  })
})

test('a file with nothing in it, or with no map, is a problem and not an empty config', () => {
  for (const text of ['', '\n', '# only a comment\n', '---\n', '{}', 'null'])
    expect(problemsOf(text)[0]?.found).toBe('nothing in the file')
  expect(problemsOf('', { file: 'a.toml' })[0]?.found).toBe('nothing in the file')
  expect(problemsOf('- a')[0]?.found).toBe('a list')
  expect(problemsOf('hello')[0]?.found).toBe('a single value')
})

describe('the text of a value', () => {
  const textOf = (file: string, text: string, path: Path): string => {
    const tree = treeAt(read(file, text).tree, path)
    return tree === null ? 'nothing' : text.slice(tree.at, tree.end)
  }
  const keyOf = (file: string, text: string, path: Path): string => {
    const { at, end } = locate(read(file, text).tree, path)
    return text.slice(at, end)
  }

  // The second is read by the whole reader: it has an anchor.
  test.each([
    '# c\na: one two  # c\n"b": "x # y"\nc: [1, { d: 2 } ]\ne:\n  - f: 1\n    g: "h"\n\n  # c\n  - 3\ni: j\n',
    '# c\na: one two  # c\n"b": "x # y"\nc: [1, { d: 2 } ]\ne:\n  - f: 1\n    g: "h"\n\n  # c\n  - 3\ni: &x j\n',
    '# c\r\na: one two  # c\r\n"b": "x # y"\r\nc: [1, { d: 2 } ]\r\ne:\r\n  - f: 1\r\n    g: "h"\r\n\r\n  # c\r\n  - 3\r\ni: j\r\n',
  ])('of YAML ends where it ends, without comments and line ends behind it', (text) => {
    expect(textOf('a.yaml', text, ['a'])).toBe('one two')
    expect(textOf('a.yaml', text, ['b'])).toBe('"x # y"')
    expect(keyOf('a.yaml', text, ['b'])).toBe('"b"')
    expect(textOf('a.yaml', text, ['c'])).toBe('[1, { d: 2 } ]')
    expect(textOf('a.yaml', text, ['c', 1])).toBe('{ d: 2 }')
    expect(textOf('a.yaml', text, ['e', 0]).replaceAll('\r', '')).toBe('f: 1\n    g: "h"')
    expect(textOf('a.yaml', text, ['e'])).toEndWith('- 3')
    expect(keyOf('a.yaml', text, ['e', 0, 'g'])).toBe('g')
  })

  test('of a block text of YAML ends with its last line', () => {
    expect(textOf('a.yaml', 'a: |\n  x\n  y\n\nb: 1\n', ['a'])).toBe('|\n  x\n  y')
  })

  test('of TOML is the value; of a table its header', () => {
    const text = 'a = 1 # c\nb.c = [ "x", 2 ]\n[d.e]\nf = { g = "h" } \n[[l]]\nm = 1'
    expect(textOf('a.toml', text, ['a'])).toBe('1')
    expect(textOf('a.toml', text, ['b', 'c'])).toBe('[ "x", 2 ]')
    expect(textOf('a.toml', text, ['b', 'c', 1])).toBe('2')
    expect(keyOf('a.toml', text, ['b', 'c'])).toBe('c')
    expect(textOf('a.toml', text, ['d', 'e'])).toBe('[d.e]')
    expect(textOf('a.toml', text, ['d', 'e', 'f'])).toBe('{ g = "h" }')
    expect(textOf('a.toml', text, ['l', 0])).toBe('[[l]]')
    expect(textOf('a.toml', text, ['l', 0, 'm'])).toBe('1')
  })

  test('is shared where an alias leads to it, and only there', () => {
    const text = 'a: &a { b: { c: 1 } }\nd: *a\ne: &unused 1\nf:\n  <<: *a\n  g: 1\n'
    const { tree } = read('a.yaml', text)
    const isShared = (path: Path): boolean | undefined => treeAt(tree, path)?.isShared
    for (const path of [['a'], ['a', 'b'], ['a', 'b', 'c'], ['d', 'b'], ['f', 'b']])
      expect([path, isShared(path)]).toEqual([path, true])
    for (const path of [['e'], ['f'], ['f', 'g'], []]) expect([path, isShared(path)]).toEqual([path, false])
  })
})

test('a problem tells where what is wrong begins and ends', () => {
  const spans = (text: string): string[] =>
    problemsOf(text).map(
      ({ path, line, column, endLine, endColumn }) => `${path} ${line}:${column}-${endLine}:${endColumn}`,
    )
  const text = 'listen: ":0"\nbackends: [{ url: "http://a:1", weihgt: 2 }]\nworkers: many # c\ndata: ""\n'
  expect(spans(text)).toEqual(['backends[0].weihgt 2:33-2:39', 'workers 3:10-3:14', 'data 4:7-4:9'])
})
