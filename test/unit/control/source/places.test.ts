import { expect, test } from 'bun:test'
import { lineOf, located } from '../../../../server/control/source/places.ts'

const problem = { path: 'listeners.web.bind', message: 'cannot listen', hint: 'free it' }

test('a problem of the long form gets its line and column', async () => {
  const text = 'listeners:\n  web:\n    bind: "127.0.0.1:1"\n'
  const [found] = await located([problem], { file: 'a.yaml', text })
  expect(found).toEqual({ ...problem, file: 'a.yaml', line: 3, column: 5 })
  expect(lineOf(found!, 'a.yaml')).toBe('a.yaml:3:5 listeners.web.bind: cannot listen; free it')
})

test('in the short form its path is as written', async () => {
  const text = '# mine\nlisten: "127.0.0.1:1"\nbackends: [{ url: "http://a" }]\n'
  const [found] = await located([{ ...problem, path: 'listeners.default.bind' }], { file: 'a.yaml', text })
  expect(found).toMatchObject({ path: 'listen', line: 2, column: 1 })
})

test('what is written nowhere has the place of what would hold it', async () => {
  const text = 'logs:\n  level: info\nlisteners: {}\n'
  const [found] = await located([{ path: 'logs.access.file', message: 'no' }], { file: 'a.yaml', text })
  expect(found).toMatchObject({ path: 'logs.access.file', line: 1, column: 1 })
})

test('what has a place or none at all, and a file that cannot be read, are left as they are', async () => {
  const placed = { path: 'rules', message: 'no', line: 7, column: 1, text: 'a.yaml:7:1 rules: no' }
  const nowhere = { path: '', message: 'gone' }
  expect(await located([placed, nowhere], { file: 'a.yaml', text: 'listeners: {}\n' })).toEqual([
    placed,
    nowhere,
  ])
  expect(await located([problem], { file: 'a.yaml', text: ': : [' })).toEqual([problem])
  expect(lineOf(placed, 'a.yaml')).toBe('a.yaml:7:1 rules: no')
  expect(lineOf(nowhere, 'a.yaml')).toBe('a.yaml: gone')
})
