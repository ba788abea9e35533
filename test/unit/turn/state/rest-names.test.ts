import { createHmac } from 'node:crypto'
import { expect, test } from 'bun:test'
import { makeCredentials, parseRestName, restPassword } from '../../../../server/turn/state/rest-names.ts'

test.each([
  ['1790000000:alice', 1_790_000_000, 'alice'],
  ['alice:1790000000', 1_790_000_000, 'alice'],
  ['1790000000', 1_790_000_000, null],
  // The draft's form goes first.
  ['1790000000:42', 1_790_000_000, '42'],
  ['1790000000:1890000000', 1_790_000_000, '1890000000'],
  ['1790000000:a:b:9', 1_790_000_000, 'a:b:9'],
  ['a:b:1790000000', 1_790_000_000, 'a:b'],
  ['1790000000:', 1_790_000_000, null],
  [':1790000000', 1_790_000_000, null],
  ['0:alice', 0, 'alice'],
  ['001790000000:x', 1_790_000_000, 'x'],
  // Numbers of users are smaller than times, or have more digits.
  ['42:1790000000', 1_790_000_000, '42'],
  ['123456789012345678:1790000000', 1_790_000_000, '123456789012345678'],
  ['1790000000:123456789012345678', 1_790_000_000, '123456789012345678'],
  ['7:8', 7, '8'],
  ['1790000000:"\u202e', 1_790_000_000, '"\u202e'],
  ['1790000000:__proto__', 1_790_000_000, '__proto__'],
  ['1790000000::', 1_790_000_000, ':'],
])('%j expires at %d and is of %j', (name, expiryS, user) => {
  expect(parseRestName(name)).toEqual({ expiryS, user })
})

test.each([
  '',
  ':',
  'alice',
  'alice:bob',
  '-1:alice',
  '1e9:alice',
  '+5:x',
  ' 5:x',
  '0x10:x',
  '1.5:x',
  '1790000000 :x',
  '９９:x',
  '1234567890123:x',
  '1790000000\n',
  '1790000000:a\0',
  'a\r\n:1790000000',
])('%j is no time-limited name', (name) => expect(parseRestName(name)).toBeNull())

test('credentials are made as the draft has them', () => {
  const made = makeCredentials('s3cr3t', 'alice', 600, 1_790_000_000.7)
  expect(made.username).toBe('1790000600:alice')
  expect(made.password).toBe(createHmac('sha1', 's3cr3t').update('1790000600:alice').digest('base64'))
  expect(restPassword('s3cr3t', made.username)).toBe(made.password)
  expect(makeCredentials('s3cr3t', '', 1, 5).username).toBe('6')
  expect(parseRestName(makeCredentials('s', 'a:7', 1, 5).username)).toEqual({ expiryS: 6, user: 'a:7' })
})
