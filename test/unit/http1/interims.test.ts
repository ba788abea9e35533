import { expect, test } from 'bun:test'
import { Interims } from '../../../server/http1/interims.ts'
import { answer } from '../head/heads.ts'

const small = answer('HTTP/1.1 102 Processing\r\n\r\n')
const large = answer(`HTTP/1.1 103 Early Hints\r\nLink: <${'a'.repeat(20_000)}>\r\n\r\n`)

test('small ones count more than their bytes: 256 of them at once are the most', () => {
  const interims = new Interims()
  for (let n = 0; n < 256; n++) expect(interims.fault(small, 1000)).toBe(null)
  expect(interims.fault(small, 1000)).toBe('server_head_too_large')
})

test('large ones count what they are', () => {
  const interims = new Interims()
  const faults = [1, 2, 3, 4].map(() => interims.fault(large, 1000))
  expect(faults).toEqual([null, null, null, 'server_head_too_large'])
})

test('a few each second may come for hours', () => {
  const interims = new Interims()
  for (let n = 0; n < 40_000; n++) expect(interims.fault(small, n * 250)).toBe(null)
})

test('more than that is found out in the end', () => {
  const interims = new Interims()
  const faults = Array.from({ length: 1000 }, (_, n) => interims.fault(small, n * 100))
  expect(faults.indexOf('server_head_too_large')).toBeWithin(256, 600)
})

test('HTTP/1.0 knows none', () => {
  expect(new Interims().fault(answer('HTTP/1.0 102 Processing\r\n\r\n'), 0)).toBe('server_malformed')
})
