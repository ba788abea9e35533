// Files that are made to hurt whoever reads them, or hurt by mistake: each is answered with a problem, at
// once. Where one were not, its test would not come to an end.
import { describe, expect, test } from 'bun:test'
import { linesOf, parse, problemsOf } from './parse.ts'

const SHORT = 'listen: ":0"\nbackends: [{ url: "http://a:1" }]\n'
const long = (rest: string): string => `listeners: { web: { bind: ":0" } }\n${rest}`

describe('time', () => {
  test('a line of many words in a file that is no YAML', () => {
    expect(linesOf(`${'a, '.repeat(5000)}a\n${'b, '.repeat(60)}c\nlisten: [`)).not.toEqual([])
    expect(linesOf(`server ${'{ '.repeat(200_000)}\nlisten: [`)).not.toEqual([])
  })

  test('as many syntax errors as lines', () => {
    expect(problemsOf(SHORT + '\tx: 1\n'.repeat(20_000))).toHaveLength(10)
  })

  test('places for values that are begun and never closed', () => {
    for (const begun of ['${A:-', '${', '${file:'])
      expect(problemsOf(`${SHORT}data: "${begun.repeat(100_000)}"`)[0]).toMatchObject({
        code: 'substitution',
        found: '"${" without "}"',
      })
    const [problem] = problemsOf(`${SHORT}data: "\${A} ${'${B'.repeat(100_000)}"`, { env: { A: 'a' } })
    expect(problem?.found).toBe('"${" without "}"')
  })

  test('many names of backends that are not there, among many that are', () => {
    const many = Array.from({ length: 4000 }, (_, i) => i)
    const rules = many.map((i) => `  - { name: r${i}, backend: bakend${i} }`).join('\n')
    const backends = many.map((i) => `  backend${i}: { servers: [{ url: "http://a:1" }] }`).join('\n')
    const problems = problemsOf(long(`rules:\n${rules}\nbackends:\n${backends}\n`))
    expect(problems).toHaveLength(1000)
    expect(problems[0]?.hint).toBe('did you mean "backend0"?')
    expect(problems[999]?.hint).toBeNull()
  })

  test('nothing at all, over very many lines', () => {
    for (const line of ['\n', '#\n', ' \t\n', '# a comment\r\n'])
      expect(problemsOf(line.repeat(200_000))[0]?.found).toBe('nothing in the file')
  })
})

test('values nested beyond all measure are told as that', () => {
  for (const text of [
    '['.repeat(20_000) + ']'.repeat(20_000),
    '{a: '.repeat(20_000) + '}'.repeat(20_000),
    '- '.repeat(20_000),
  ]) {
    const [problem] = problemsOf(text)
    expect(problem).toMatchObject({ found: 'a value nested too deep', allowed: 'at most 64 levels' })
  }
})

describe('keys and words that every object of the program has', () => {
  test.each(['constructor', 'toString', '__proto__', 'hasOwnProperty', 'valueOf'])('%s', (word) => {
    for (const text of [
      `${SHORT}${word}: 1\n`,
      `${SHORT}admin: { ${word}: 1 }\n`,
      long(`${word}: 1\n`),
      `listeners: { web: { bind: ":0", ${word}: 1 } }`,
      `${SHORT}algorithm: ${word}\n`,
      `listeners: { web: { bind: ":0", protocol: ${word} } }`,
    ]) {
      const lines = linesOf(text).join('\n')
      expect(lines).toContain(word)
      expect(lines).not.toContain('native code')
      expect(lines).not.toContain('[object')
    }
  })
})

test('a key that stands twice in TOML is told in the same words as in YAML', () => {
  expect(problemsOf('listen = ":0"\nlisten = ":1"\n', { file: '/a.toml' })[0]).toMatchObject({
    code: 'duplicate',
    line: 2,
    hint: 'remove one of them, or join what they hold',
  })
})

test('a path that only a shell would know is no path', () => {
  const [problem] = problemsOf(`${SHORT}data: ~/sluice\n`)
  expect(problem?.hint).toBe('write the path of the folder in place of "~", or ${HOME}')
  expect(parse(`${SHORT}data: ./~/sluice\n`).ok).toBe(true)
})

test('long lists of paths and of addresses on one port', () => {
  const list = (make: (i: number) => string): string =>
    Array.from({ length: 20_000 }, (_, i) => make(i)).join(', ')
  const paths = list((i) => `/a${i}/`)
  const rule = `{ name: a, backend: b, match: { path: [${paths}] } }`
  const backends = 'backends: { b: { servers: [{ url: "http://a:1" }] } }'
  expect(problemsOf(long(`rules: [${rule}]\n${backends}`))).toHaveLength(1000)
  const listeners = list((i) => `l${i}: { bind: "h${i}:80", backend: b }`)
  expect(problemsOf(`listeners: { ${listeners} }\n${backends}`)).toEqual([])
  const [first] = problemsOf(`listeners: { ${listeners}, all: { bind: ":80", backend: b } }\n${backends}`)
  expect(first?.path).toBe('listeners.all.bind')
})
