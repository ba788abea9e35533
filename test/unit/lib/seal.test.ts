import { expect, test } from 'bun:test'
import { compactDecrypt, CompactEncrypt } from 'jose'
import { hkdfSync } from 'node:crypto'
import { Seal } from '../../../server/lib/seal.ts'

const SECRET = 'a secret of sixteen bytes and more'
const keyOf = (secret: string, purpose: string) =>
  new Uint8Array(hkdfSync('sha256', secret, '', `sluice ${purpose}`, 32))

test('what is sealed opens again, whatever it is, and never looks the same', () => {
  const seal = new Seal([SECRET], 'test')
  for (const text of ['', 'a', 'Ä€😀\0\r\n', 'x'.repeat(70_000), '{"a":1}']) {
    const sealed = seal.seal(text)
    expect(seal.open(sealed)).toBe(text)
    expect(sealed).not.toBe(seal.seal(text))
    expect(sealed).toMatch(/^[\w.-]+$/)
  }
})

test('it is JWE as others read and write it', async () => {
  const sealed = new Seal([SECRET], 'test').seal('{"sub":"alice"}')
  const { plaintext, protectedHeader } = await compactDecrypt(sealed, keyOf(SECRET, 'test'))
  expect([new TextDecoder().decode(plaintext), protectedHeader]).toEqual([
    '{"sub":"alice"}',
    { alg: 'dir', enc: 'A256GCM' },
  ])
  const theirs = await new CompactEncrypt(new TextEncoder().encode('theirs'))
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
    .encrypt(keyOf(SECRET, 'test'))
  expect(new Seal([SECRET], 'test').open(theirs)).toBe('theirs')
})

test('of another secret or for another purpose it does not open; of an older secret it does', () => {
  const sealed = new Seal([SECRET], 'test').seal('a')
  expect(new Seal(['another secret of sixteen'], 'test').open(sealed)).toBeNull()
  expect(new Seal([SECRET], 'tests').open(sealed)).toBeNull()
  expect(new Seal(['another secret of sixteen', SECRET], 'test').open(sealed)).toBe('a')
  expect(() => new Seal([], 'test')).toThrow()
})

test('what was changed anywhere, or never sealed, does not open', () => {
  const seal = new Seal([SECRET], 'test')
  const sealed = seal.seal('some text of some length')
  for (let i = 0; i < sealed.length; i++) {
    const other = sealed[i] === 'A' ? 'Q' : 'A'
    const changed = sealed.slice(0, i) + other + sealed.slice(i + 1)
    const opened = seal.open(changed)
    // Bits at the end of a part that nobody reads: it is the same, or opens not at all.
    expect([null, 'some text of some length']).toContain(opened)
  }
  const [head = '', , nonce = '', text = '', tag = ''] = sealed.split('.')
  const of = (header: object) => Buffer.from(JSON.stringify(header)).toString('base64url')
  for (const odd of [
    '',
    '....',
    'a..b.c.d',
    `${head}.AAAA.${nonce}.${text}.${tag}`,
    `${of({ alg: 'none' })}..${nonce}.${text}.${tag}`,
    `${of({ enc: 'A256GCM', alg: 'dir' })}..${nonce}.${text}.${tag}`,
    `${head}..${nonce}.${text}.${tag.slice(0, 5)}`,
    `${head}..${nonce.slice(0, 8)}.${text}.${tag}`,
    `${head}..${nonce}.${text}.${tag}\r\n`,
    `${head}..${nonce}.${text}\0.${tag}`,
    `${head}..${nonce}..${tag}`,
    '\xff\xfe'.repeat(100),
    'A'.repeat(65_536),
  ])
    expect([odd.slice(0, 20), seal.open(odd)]).toEqual([odd.slice(0, 20), null])
})
