import { describe, expect, test } from 'bun:test'
import { configSchema } from '../../../server/config/schema-json.ts'
import { choicesOf, helpOf, isShortForm, keysOf, partsAt, type Step } from '../../../web/data/schema-walk.ts'

const root = configSchema()
const keysAt = (...path: Step[]): string[] => keysOf(root, partsAt(root, path)).map(({ name }) => name)

describe('keys of the config', () => {
  test('at its top, in both forms', () => {
    expect(keysAt()).toEqual(expect.arrayContaining(['listeners', 'backends', 'rules', 'admin']))
    const short = keysOf(root, partsAt(root, [], true)).map(({ name }) => name)
    expect(short).toContain('listen')
    expect(short).not.toContain('listeners')
  })

  test('below names that are free, through references and items', () => {
    expect(keysAt('backends', 'api')).toContain('algorithm')
    expect(keysAt('backends', 'api', 'servers', 0)).toEqual(expect.arrayContaining(['url', 'weight', 'name']))
    expect(keysAt('rules', 3, 'match')).toContain('host')
    expect(keysAt('rules', 0, 'middleware', 0)).toContain('rate_limit')
  })

  test('of a listener, whatever its protocol', () => {
    expect(keysAt('listeners', 'web')).toEqual(expect.arrayContaining(['bind', 'protocol', 'tls']))
  })

  test('not those that another one stands for, which are explained all the same', () => {
    const retry = ['backends', 'api', 'retry']
    expect(keysAt(...retry)).toContain('attempts')
    expect(keysAt(...retry)).not.toContain('max_retries')
    const { description } = helpOf('max_retries', partsAt(root, [...retry, 'max_retries']))
    expect(description).toContain('max_retries: 3 is attempts: 4')
  })

  test('none where there is no map', () => {
    expect(keysAt('backends', 'api', 'algorithm')).toEqual([])
    expect(keysAt('nonsense', 'x')).toEqual([])
  })
})

test('choices of a value, with the default told', () => {
  const choices = choicesOf(partsAt(root, ['backends', 'api', 'algorithm']))
  expect(choices.map(({ value }) => value)).toContain('round_robin')
  expect(choices.filter(({ isDefault }) => isDefault)).toHaveLength(1)
})

test('what a setting means, what it is, and its default', () => {
  const help = helpOf('weight', partsAt(root, ['backends', 'api', 'servers', 0, 'weight']))
  expect(help).toMatchObject({ name: 'weight', byDefault: '1' })
  expect(help.description).not.toBe('')
  expect(help.type).toBe('whole number')
})

test('the short form is told from the long one', () => {
  expect(isShortForm('# x\nlisten: :80\nbackends: [a]')).toBe(true)
  expect(isShortForm('backends:\n  # x\n  - http://a\n')).toBe(true)
  expect(isShortForm('listeners: {}\nbackends:\n  api: {}\n')).toBe(false)
})
