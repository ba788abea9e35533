import { expect, test } from 'bun:test'
import { keepsAdmin } from '../../../../server/admin/made-by.ts'
import { keepingAdmin } from '../../../../server/control/change/keeps-admin.ts'
import type { Checked, Edition } from '../../../../server/control/problem.ts'
import type { Principal, Role } from '../../../../server/control/store/principal.ts'

const edition = (trusted: readonly string[], note: Edition['note'] = {}): Edition =>
  ({
    note,
    config: {
      admin: { bind: '127.0.0.1:9090', trusted },
      logs: { access: {} },
      certificates: {},
      backends: {},
    },
  }) as unknown as Edition
const found = async (given: Edition, before: Edition | null = edition([])): Promise<unknown> => {
  const checked = await keepingAdmin(Promise.resolve<Checked>({ is: 'valid', edition: given }), before)
  return checked?.is === 'invalid' ? (checked.problems[0] as { code?: unknown }).code : checked?.is
}

test('who may not change admin changes all else, and admin is told apart by what it says', async () => {
  expect(await found(edition([], { keepsAdmin: 'role' }))).toBe('valid')
  expect(await found(edition(['10.0.0.0/8'], { keepsAdmin: 'role' }))).toBe('admin_only')
  expect(await found(edition(['10.0.0.0/8'], { keepsAdmin: 'step_up' }))).toBe('step_up_needed')
  expect(await found(edition(['10.0.0.0/8'], { keepsAdmin: null }))).toBe('valid')
  // The file is its owner's, who is nobody of ours.
  expect(await found(edition(['10.0.0.0/8']))).toBe('valid')
  expect(await found(edition(['10.0.0.0/8'], { keepsAdmin: 'role' }), null)).toBe('valid')
})

test('admins may, with a fresh password where they sign in by a browser', () => {
  const who = (role: Role): Principal => ({ kind: 'user', name: 'x', role, from: '::1', id: 'x' })
  const kept = (role: Role, isStepUpDue: boolean): unknown => keepsAdmin({ who: who(role), isStepUpDue })
  expect([kept('editor', false), kept('editor', true)]).toEqual(['role', 'role'])
  expect([kept('admin', false), kept('admin', true)]).toEqual([null, 'step_up'])
})
