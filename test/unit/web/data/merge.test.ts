import { expect, test } from 'bun:test'
import { at, isSame, leavesOf, merged, patchFrom, patchOf } from '../../../../web/data/merge.ts'

/** As a text may say it: a member, and no prototype. */
const ODD = JSON.parse(
  '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"a":1}',
) as Record<string, unknown>

test('names that every object has are members as all others, and nothing else is changed by them', () => {
  expect(JSON.stringify(merged({ a: 0 }, ODD))).toBe(
    '{"a":1,"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}',
  )
  expect(JSON.stringify(patchFrom({ a: 1 }, ODD))).toBe(JSON.stringify({ ...ODD, a: undefined }))
  expect(JSON.stringify(patchFrom(ODD, { a: 1 }))).toBe('{"__proto__":null,"constructor":null}')
  expect(JSON.stringify(patchOf(leavesOf(ODD)))).toBe(JSON.stringify(ODD))
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
})

test('what is only inherited is not there', () => {
  expect(at({}, ['__proto__'])).toBeUndefined()
  expect(at({}, ['constructor', 'name'])).toBeUndefined()
  expect(isSame(JSON.parse('{"__proto__":{}}'), {})).toBe(false)
  expect(merged({}, JSON.parse('{"toString":{"a":1}}'))).toEqual({ toString: { a: 1 } })
})
