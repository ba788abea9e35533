import { describe, expect, test } from 'bun:test'
import { namesBelow, pathAt, placeAt } from '../../../web/data/yaml-path.ts'

/** The place at `|` of a text. */
const at = (text: string) => {
  const place = placeAt(text.replace('|', ''), text.indexOf('|'))
  return place && [place.path.join('.'), place.kind]
}

describe('the place of the cursor', () => {
  test('a key at the margin', () => {
    expect(at('listeners: {}\nback|')).toEqual(['', 'key'])
    expect(at('|')).toEqual(['', 'key'])
    expect(at('listeners:\n  web: {}\n|\nbackends: {}')).toEqual(['', 'key'])
  })

  test('a key of a map that is being begun, on a line of its own', () => {
    expect(at('backends:\n  api:\n    |')).toEqual(['backends.api', 'key'])
    expect(at('backends:\n  api:\n    alg|\n  other: {}')).toEqual(['backends.api', 'key'])
    expect(at('backends:\n  api:\n    algorithm: random\n    |\nrules: []')).toEqual(['backends.api', 'key'])
    expect(at('backends:\n  api:\n    algorithm: random\n  |')).toEqual(['backends', 'key'])
  })

  test('a key within an item of a list', () => {
    expect(at('rules:\n  - name: a\n    |')).toEqual(['rules.0', 'key'])
    expect(at('rules:\n  - name: a\n  - na|')).toEqual(['rules.1', 'item'])
    expect(at('rules:\n  - name: a\n    match:\n      |')).toEqual(['rules.0.match', 'key'])
  })

  test('a list that stands at the margin of its key', () => {
    expect(at('rules:\n- name: a\n- name: b\n  |')).toEqual(['rules.1', 'key'])
    expect(at('rules:\n- |')).toEqual(['rules.0', 'item'])
  })

  test('keys and values in flow style', () => {
    expect(at('b: { api: { servers: [{ url: "http://a", wei| }] } }')).toEqual(['b.api.servers.0', 'key'])
    expect(at('b:\n  - { url: x, weight: | }')).toEqual(['b.0.weight', 'value'])
    expect(at('b: { |')).toEqual(['b', 'key'])
    expect(at('b: [x, |]')).toEqual(['b.1', 'item'])
  })

  test('a value', () => {
    expect(at('backends:\n  api:\n    algorithm: |')).toEqual(['backends.api.algorithm', 'value'])
    expect(at('backends:\n  api:\n    algorithm: ran|\n    x: 1')).toEqual([
      'backends.api.algorithm',
      'value',
    ])
  })

  test('nothing in a comment or within a text', () => {
    expect(at('a: 1 # wor|')).toBeNull()
    expect(at('# |')).toBeNull()
    expect(at('a: "x # y", b|')).not.toEqual(['', 'key'])
  })

  test('keys that are there already are told', () => {
    const text = 'rules:\n  - name: a\n    \n    backend: b\n'
    expect(placeAt(text, text.indexOf('    \n') + 4)?.siblings).toEqual(['name', 'backend'])
  })

  test('the word is as long as it is, before and behind the cursor', () => {
    expect(placeAt('  wei', 5)).toMatchObject({ from: 2, to: 5 })
    expect(placeAt('a:\n  weight: 3', 8)).toMatchObject({ path: ['a'], kind: 'key', from: 5, to: 11 })
  })
})

test('in a long section the item around the cursor is enough', () => {
  const rules = Array.from({ length: 1000 }, (_, n) => `  - name: r${n}\n    match:\n      host: h${n}\n`)
  const text = `rules:\n  # first\n${rules.join('')}`
  const within = (line: string, typed: string): unknown => {
    const position = text.indexOf(line) + line.length
    const place = placeAt(text.slice(0, position) + typed + text.slice(position), position + typed.length)
    return [place?.path, place?.kind, place?.siblings]
  }
  expect(within('host: h700', '\n      pa')).toEqual([['rules', 0, 'match'], 'key', ['host']])
  expect(within('host: h700', '\n    ')).toEqual([['rules', 0], 'key', ['name', 'match']])
  expect(within('host: h999', '\n  - na')).toEqual([['rules', 0], 'item', []])
  expect(pathAt(text, text.indexOf('h500') - 4)).toEqual(['rules', 0, 'match', 'host'])
})

test('the path of what stands in a whole text', () => {
  const text = 'x: 1\nbackends:\n  api:\n    servers:\n      - { url: "http://a", weight: 3 }\n'
  expect(pathAt(text, text.indexOf('weight') + 2)).toEqual(['backends', 'api', 'servers', 0, 'weight'])
  expect(pathAt(text, text.indexOf('api') + 1)).toEqual(['backends', 'api'])
  expect(pathAt(text, text.indexOf('{'))).toBeNull()
})

test('names below a key', () => {
  expect(namesBelow('a: 1\nbackends:\n  api: {}\n  # no\n  "b c": {}\nrules: []', 'backends')).toEqual([
    'api',
    'b c',
  ])
  expect(namesBelow('a: 1', 'backends')).toEqual([])
})
