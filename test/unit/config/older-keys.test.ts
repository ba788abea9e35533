// Keys of other programs that mean the same as ours: read as those, and edited without ending in both.
import { describe, expect, test } from 'bun:test'
import { editConfig } from '../../../server/config/edit/config-edit.ts'
import type { Edit } from '../../../server/config/edit/values.ts'
import type { Plain } from '../../../server/config/spell.ts'
import { readPath } from '../../../server/config/tree.ts'
import { configOf, linesOf, problemsOf, withBackend } from './parse.ts'

const SHORT = 'listen: ":8080"\nbackends: [{ url: "http://a:1" }]\n'
const retryOf = (text: string, given = {}) => {
  const { attempts, backoff } = Object.values(configOf(text, given).backends)[0]!.retry
  return [attempts, backoff]
}

describe('they are read as ours', () => {
  test.each<[string, [number, number]]>([
    ['retry: { max_retries: 3, backoff_ms: 100 }', [4, 100]],
    ['retry: { max_retries: 0 }', [1, 25]],
    ['retry: { max_retries: 2, backoff: 1s }', [3, 1000]],
    ['retry: { attempts: 5, backoff_ms: 0 }', [5, 0]],
  ])('%s', (keys, expected) => {
    expect(retryOf(withBackend(keys))).toEqual(expected)
    expect(retryOf(`${SHORT}${keys}\n`)).toEqual(expected)
  })

  test('in TOML, and where the environment says how many', () => {
    const toml =
      'listen = ":8080"\nbackends = [{ url = "http://a:1" }]\n[retry]\nmax_retries = 3\nbackoff_ms = 100\n'
    expect(retryOf(toml, { file: '/etc/sluice/test.toml' })).toEqual([4, 100])
    const text = withBackend('retry: { max_retries: "${RETRIES}" }')
    expect(retryOf(text, { env: { RETRIES: '2' } })).toEqual([3, 25])
    expect(problemsOf(text, { env: { RETRIES: 'two' } })).toMatchObject([
      { path: 'backends.app.retry.max_retries' },
    ])
  })
})

describe('what is wrong with them is told by their names', () => {
  test.each([
    [
      'retry: { max_retries: 3, attempts: 4 }',
      'conflict backends.app.retry.max_retries',
      'found "max_retries" beside "attempts", which says the same, allowed one of them; leave "max_retries" out',
    ],
    [
      'retry: { backoff: 1s, backoff_ms: 100 }',
      'conflict backends.app.retry.backoff_ms',
      'found "backoff_ms" beside "backoff"',
    ],
    [
      'retry: { max_retries: 10 }',
      'wrong-value backends.app.retry.max_retries',
      'found 10, allowed a whole number from 0 to 9',
    ],
    ['retry: { max_retries: -1 }', 'wrong-value backends.app.retry.max_retries', 'found -1'],
    ['retry: { max_retries: many }', 'wrong-type backends.app.retry.max_retries', 'found "many"'],
    ['retry: { max_retries: { a: 1 } }', 'wrong-type backends.app.retry.max_retries', 'found a map'],
    ['retry: { backoff_ms: 100ms }', 'wrong-type backends.app.retry.backoff_ms', 'found "100ms"'],
    ['retry: { max_retry: 3 }', 'unknown-key backends.app.retry.max_retry', 'the unknown key'],
  ])('%s', (keys, expected, said) => {
    const text = withBackend(keys)
    expect(problemsOf(text).map(({ code, path }) => `${code} ${path}`)).toEqual([expected])
    expect(linesOf(text)[0]).toContain(said)
  })

  test('also what only the whole of it tells, at its place in the file', () => {
    const text = withBackend('retry:\n  max_retries: 0\n  statuses: 503')
    expect(linesOf(text)).toEqual([expect.stringContaining('attempts counts the first try too')])
    expect(linesOf(`${SHORT}retry: { max_retries: 12 }\n`)[0]).toStartWith('3:23 retry.max_retries: found 12')
  })
})

describe('an edit', () => {
  const FILE = '/etc/sluice/test.yaml'
  const TEXT = withBackend('retry:\n  max_retries: 3   # as it was\n  backoff_ms: 100')
  const edited = (text: string, ...edits: Edit[]): string => {
    const done = editConfig(FILE, text, edits)
    if ('refused' in done) throw new Error(done.refused)
    return done.text
  }
  const set = (path: string, to: Plain): Edit => ({ do: 'set', path: readPath(path), to })

  test('of ours takes the place of the older one, with its comment', () => {
    const text = edited(TEXT, set('backends.app.retry.attempts', 6))
    expect(text).toBe(TEXT.replace('max_retries: 3', 'attempts: 6'))
    expect(retryOf(text)).toEqual([6, 100])
    const both = edited(TEXT, set('backends.app.retry', { attempts: 2, backoff: '1s' }))
    expect(both).toBe(TEXT.replace('max_retries: 3', 'attempts: 2').replace('backoff_ms: 100', 'backoff: 1s'))
  })

  test('that leaves it as it is leaves it as it is written', () => {
    const same = { servers: [{ url: 'http://a:1' }], retry: { attempts: 4, backoff: '100ms' } }
    expect(edited(TEXT, set('backends.app', same))).toBe(TEXT)
    expect(edited(TEXT, set('backends.app', { ...same, algorithm: 'random' }))).toContain(
      'max_retries: 3   #',
    )
    const again = { ...same, retry: { max_retries: 3, backoff_ms: 200 } }
    expect(edited(TEXT, set('backends.app', again))).toBe(TEXT.replace('backoff_ms: 100', 'backoff: 200ms'))
  })

  test('that takes it away takes the older one away', () => {
    const path = readPath('backends.app.retry.attempts')
    expect(retryOf(edited(TEXT, { do: 'remove', path }))).toEqual([3, 100])
    const to = { servers: [{ url: 'http://a:1' }], retry: { attempts: 4 } }
    expect(retryOf(edited(TEXT, set('backends.app', to)))).toEqual([4, 25])
  })

  test('of the older one is one of it', () => {
    expect(retryOf(edited(TEXT, set('backends.app.retry.max_retries', 1)))).toEqual([2, 100])
  })

  test('in the short form, and in TOML', () => {
    const text = `${SHORT}retry: { max_retries: 3 }\n`
    expect(edited(text, set('backends.default.retry.attempts', 6))).toBe(`${SHORT}retry: { attempts: 6 }\n`)
    const toml = 'listen = ":8080"\nbackends = [{ url = "http://a:1" }]\n\n[retry]\nmax_retries = 3\n'
    const done = editConfig('/etc/test.toml', toml, [set('backends.default.retry.attempts', 6)])
    expect(done).toMatchObject({ text: toml.replace('max_retries = 3', 'attempts = 6') })
  })
})
