import { expect, test } from 'bun:test'
import { hashPassword, isPassword, whyNoPassword } from '../../../../server/control/store/passwords.ts'

test('a password is known again, however its letters are put together, and no other is', async () => {
  const hash = await hashPassword('Straße in Zürich')
  expect(hash).toStartWith('$argon2id$v=19$m=19456,t=2,p=1$')
  expect(await isPassword('Straße in Zu\u0308rich', hash)).toBe(true)
  for (const other of ['', '\0', 'straße in Zürich', 'Straße in Zürich '])
    expect(await isPassword(other, hash)).toBe(false)
})

test('of who is not known no password is the right one', async () => {
  for (const password of ['', 'anything at all', '\0']) expect(await isPassword(password, null)).toBe(false)
})

test('length is all that is asked', () => {
  expect(whyNoPassword('aaaaaaaaaaaa')).toBeNull()
  expect(whyNoPassword('eleven char')).toBe('a password has at least 12 characters, and this one 11')
  expect(whyNoPassword('😀'.repeat(11))).toContain('this one 11')
  expect(whyNoPassword('x'.repeat(1025))).toBe('a password has at most 1024 characters')
})
