import { expect, test } from 'bun:test'
import { certificatesIn, holdsKey } from '../../../server/lib/pem.ts'

const block = (body: string, label = 'CERTIFICATE'): string =>
  `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----`

test('certificates are found between whatever else there is, each whole', () => {
  const [one, two, three] = [block('a'), block('b', 'TRUSTED CERTIFICATE'), block('c', 'X509 CERTIFICATE')]
  const text = `subject=a\r\n${one}\n${block('k', 'PRIVATE KEY')}\n${two}${three}\n`
  expect(certificatesIn(text)).toEqual({ blocks: [one, two, three], isCut: false })
  expect(certificatesIn('no PEM')).toEqual({ blocks: [], isCut: false })
})

test.each([
  ['without its end', block('a').slice(0, -1)],
  ['with the end of another kind', '-----BEGIN CERTIFICATE-----\na\n-----END X509 CERTIFICATE-----'],
  ['behind a whole one', block('a') + block('b').slice(0, 40)],
  ['before a whole one', block('a').slice(0, 28) + block('b')],
])('one that is cut is told: %s', (_, text) => {
  expect(certificatesIn(text).isCut).toBe(true)
})

test('a text of beginnings alone takes no longer than it is long', () => {
  // Each of them looked for its end to the end of the text would be 10^10 steps.
  const text = '-----BEGIN CERTIFICATE-----\n'.repeat(40_000)
  expect(certificatesIn(text)).toEqual({ blocks: [], isCut: true })
})

test('keys are seen, with a passphrase or without', () => {
  expect(holdsKey(block('k', 'EC PRIVATE KEY'))).toBe(true)
  expect(holdsKey(block('k', 'ENCRYPTED PRIVATE KEY'))).toBe(true)
  expect(holdsKey(block('k', 'PUBLIC KEY'))).toBe(false)
})
