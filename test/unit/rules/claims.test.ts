import { expect, test } from 'bun:test'
import { claimAt, claimTest, claimTexts } from '../../../server/rules/claims.ts'
import { NO, UNCLEAR, YES } from '../../../server/rules/verdict.ts'

const CLAIMS = {
  sub: 'anna',
  scope: 'read write',
  groups: ['admin', 'staff,ops'],
  level: 7,
  admin: true,
  nothing: null,
  empty: [],
  'https://a.test/role': 'chief',
  realm_access: { roles: ['a', 'b'], deep: { er: 'x' } },
  long: 'a'.repeat(9000),
}

test('a claim is found by its name, and by its place within others', () => {
  expect(claimAt(CLAIMS, 'https://a.test/role')).toBe('chief')
  expect(claimTexts(claimAt(CLAIMS, 'realm_access.roles'))).toEqual(['a', 'b'])
  expect(claimAt(CLAIMS, 'realm_access.deep.er')).toBe('x')
  for (const name of [
    'nobody',
    'nothing',
    'sub.length',
    'groups.0',
    'constructor',
    '__proto__',
    'realm_access.toString',
  ])
    expect(claimAt(CLAIMS, name)).toBeUndefined()
})

test.each([
  ['sub', 'anna', YES],
  ['sub', 'Anna', NO],
  ['sub', '*', YES],
  ['nobody', '*', NO],
  ['nothing', { present: false }, YES],
  ['realm_access', { present: true }, YES],
  ['groups', 'admin', YES],
  ['groups', 'ops', NO],
  ['groups', { has: 'ops' }, NO],
  ['groups', { has: 'staff,ops' }, YES],
  ['groups', { prefix: 'adm' }, YES],
  ['groups', { regex: '^s' }, YES],
  ['empty', '*', YES],
  ['empty', 'a', NO],
  ['scope', { has: 'write' }, YES],
  ['scope', 'write', NO],
  ['level', { min: 5, max: 7 }, YES],
  ['level', { min: 8 }, NO],
  ['admin', 'true', YES],
  ['realm_access.roles', 'b', YES],
  ['realm_access', { contains: 'a' }, NO],
  ['long', { regex: 'b$' }, UNCLEAR],
  ['sub', { regex: 'a{2}$' }, NO],
] as const)('%s, asked for %p: %p', (name, words, verdict) => {
  expect(claimTest(name, words)(CLAIMS)).toBe(verdict)
})

test('a pattern that says nothing is refused', () => {
  expect(() => claimTest('a', {})).toThrow(RangeError)
})
