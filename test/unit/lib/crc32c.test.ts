import { expect, test } from 'bun:test'
import { crc32c } from '../../../server/lib/crc32c.ts'

// RFC 3720 appendix B.4, and the sum that catalogues of CRCs name.
test.each([
  ['123456789', Buffer.from('123456789'), 0xe3069283],
  ['32 zeros', new Uint8Array(32), 0x8a9136aa],
  ['32 times 0xff', new Uint8Array(32).fill(0xff), 0x62a8ab43],
  ['0 to 31', Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
] as const)('of %s', (_name, bytes, sum) => {
  expect(crc32c(bytes)).toBe(sum)
})

test('what is named counts as zeros', () => {
  expect(crc32c(new Uint8Array(32).fill(7, 8, 12), 8, 12)).toBe(0x8a9136aa)
})
