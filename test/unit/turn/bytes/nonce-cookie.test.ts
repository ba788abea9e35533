import { expect, test } from 'bun:test'
import { NONCE_COOKIE_LENGTH, featuresOf, nonceCookie } from '../../../../server/turn/bytes/nonce-cookie.ts'

test.each([
  [false, false, 'obMatJos2AAAA'],
  [true, false, 'obMatJos2AAAB'],
  [false, true, 'obMatJos2AAAC'],
  [true, true, 'obMatJos2AAAD'],
])('features %p %p are bits 0 and 1 from the right: %s', (passwordAlgorithms, userHash, cookie) => {
  expect(nonceCookie({ passwordAlgorithms, userHash })).toBe(cookie)
  expect(cookie).toHaveLength(NONCE_COOKIE_LENGTH)
  expect(featuresOf(`${cookie}anything`)).toEqual({ passwordAlgorithms, userHash })
})

test('bits that nobody has assigned say nothing', () => {
  expect(featuresOf('obMatJos2///8x')).toEqual({ passwordAlgorithms: false, userHash: false })
})

test('other nonces have no features', () => {
  for (const nonce of [
    '',
    'obMatJos',
    'obMatJos2',
    'obMatJos2wAA',
    'obMatJos2wAA=',
    'obmatjos2wAAAx',
    'f//499k954d6OL34oL9FSTvy64sA',
  ])
    expect(featuresOf(nonce)).toBeNull()
})
