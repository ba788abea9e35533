import { expect, test } from 'bun:test'
import { readKeys, readUsers } from '../../../server/lib/access-files.ts'
import { keyHash } from '../../../server/lib/key-hash-text.ts'

const HASH = `$2y$10$${'a'.repeat(53)}`
const [ONE, OTHER] = [keyHash('1'), keyHash('2')]

test('users stand in lines as htpasswd writes them', () => {
  const text = `# staff\n\nanna:${HASH}\r\n  Ben Ünal:${HASH}:Ben Ünal,,,:/home  \n`
  expect(readUsers(text)).toEqual(
    new Map([
      ['anna', HASH],
      ['Ben Ünal', HASH],
    ]),
  )
})

test.each([
  [`anna:${HASH}\nben`, 2, 'is no "NAME:HASH"'],
  [`:${HASH}`, 1, 'is no "NAME:HASH"'],
  ['anna:secret', 1, 'has no hash of a password by argon2id or bcrypt'],
  ['anna:$apr1$a$b', 1, 'has no hash of a password'],
  ['anna:{SHA}abc=', 1, 'has no hash of a password'],
  [`anna:${HASH}\n\nanna:${HASH}`, 3, 'has a user who stands there before'],
])('%p: line %p %s', (text, line, why) => {
  const read = readUsers(text)
  expect(read).toMatchObject({ line, why: expect.stringContaining(why) })
  expect(JSON.stringify(read)).not.toContain('secret')
})

test('keys stand in lines with their owner, an end and their rules', () => {
  expect(readKeys(`shop ${ONE}\n# old\nshop\t${OTHER}  rules=a,b expires=2030-01-31\n`)).toEqual([
    ['shop', { hash: ONE, rules: [] }],
    ['shop', { hash: OTHER, rules: ['a', 'b'], expires: '2030-01-31' }],
  ])
})

test.each([
  ['shop my-key', 1, 'is no "OWNER sha256:…"'],
  [ONE, 1, 'is no "OWNER sha256:…"'],
  [`a ${ONE}\nb ${ONE}`, 2, 'has a key that stands there before'],
  [`a ${ONE} until=2030-01-01`, 1, 'says "until"'],
  [`a ${ONE} expires=never`, 1, 'has a time that there is none'],
])('keys %p: line %p %s', (text, line, why) => {
  expect(readKeys(text)).toMatchObject({ line, why })
})
