import { expect, test } from 'bun:test'
import {
  isAtLeast,
  isRole,
  localPrincipal,
  type Principal,
  ROLES,
} from '../../../../server/control/store/principal.ts'

test('each role may all that those before it may, and no more', () => {
  const table = ROLES.map((role) => ROLES.filter((least) => isAtLeast(role, least)))
  expect(table).toEqual([
    ['viewer'],
    ['viewer', 'operator'],
    ['viewer', 'operator', 'editor'],
    ['viewer', 'operator', 'editor', 'admin'],
  ])
})

test('words that are no role are none', () => {
  expect(ROLES.every(isRole)).toBe(true)
  for (const word of ['', 'Admin', 'root', 'constructor']) expect(isRole(word)).toBe(false)
})

test('who asks by the socket of the data folder is an admin', () => {
  const local: Principal = localPrincipal('root', 'uid 0')
  expect(local).toEqual({ kind: 'local', name: 'root', role: 'admin', from: 'unix', id: 'uid 0' })
})
