import { expect, test } from 'bun:test'
import { otherCookies } from '../../../server/head/sign-in-cookies.ts'
import { bitOf, REQUEST_DROPS, writeRequestHead } from '../../../server/head/write.ts'
import { KNOWN } from '../../../server/head/known-fields.ts'
import { seededRandom, seedOfRun } from '../../support/random.ts'
import { request, requestLines, written } from './heads.ts'

const SIGN_IN = 'sluice-0d9d76b1=Zm9v'
const SECURE = '__Host-sluice-00ff99aa=YmFy'
const DROPS = REQUEST_DROPS | bitOf(KNOWN.cookie)

/** What goes on of these fields. */
const sent = (fields: string, drops = DROPS): string => {
  const head = request(`GET / HTTP/1.1\r\nHost: h\r\n${fields}\r\n`)
  const lines = requestLines({ drops, requestId: 'r1' })
  const text = written((owner) =>
    writeRequestHead(head, lines, { isChunked: false, isUpgrade: false }, owner),
  )
  return text.slice('GET / HTTP/1.1\r\nHost: h\r\n'.length, -'X-Request-Id: r1\r\n\r\n'.length)
}

test('pairs of sign-ins are taken out, wherever they stand; the others stay as they came', () => {
  for (const [from, to] of [
    [`a=1; ${SIGN_IN}; b="2 "`, 'a=1; b="2 "'],
    [`${SIGN_IN}; a=1;b=\xe4`, 'a=1;b=\xe4'],
    [`a=1;\t b ;${SECURE}`, 'a=1;\t b '],
    [`a=1; ${SIGN_IN}; ${SECURE}; sluice-0d9d76b1=; =x;;`, 'a=1; =x;;'],
    [`a=${SIGN_IN}; sluice-0d9d76b1 =x`, `a=${SIGN_IN}`],
  ] as const) {
    expect(sent(`X-A: 1\r\ncOOkie:  ${from}\r\nX-B: 2\r\n`)).toBe(`X-A: 1\r\ncOOkie:  ${to}\r\nX-B: 2\r\n`)
    expect(otherCookies(from)).toBe(to)
  }
})

test('a field that has nothing else is not sent, and each field is looked at', () => {
  expect(sent(`Cookie: ${SIGN_IN}\r\n`)).toBe('')
  expect(sent(`Cookie: a=1\r\nX: y\r\nCookie: ${SIGN_IN}; b=2\r\nCookie: ${SECURE}\r\nZ: 1\r\n`)).toBe(
    'Cookie: a=1\r\nX: y\r\nCookie: b=2\r\nZ: 1\r\n',
  )
})

test('what only resembles one stays, and all of it where it is for a dashboard', () => {
  for (const cookie of [
    'sluice-0d9d76b=x',
    'sluice-0d9d76b12=x',
    'sluice-0D9D76B1=x',
    'sluice-0d9d76b1',
    'sluice_sticky=1',
    'Sluice-0d9d76b1=x',
    'xsluice-0d9d76b1=x',
    '__Host-sluice-0d9d76bg=x',
    '__host-sluice-0d9d76b1=x',
    '__Host-sluice=x',
    'sluice-',
    '',
  ])
    // prettier-ignore
    expect(sent(`Cookie: a=1; ${cookie}\r\n`)).toBe(`Cookie: a=1; ${cookie}\r\n`)
  expect(sent(`Cookie: a=1; ${SIGN_IN}\r\n`, REQUEST_DROPS)).toBe(`Cookie: a=1; ${SIGN_IN}\r\n`)
})

test('of any pairs those go that a split finds', () => {
  const random = seededRandom(seedOfRun())
  const pieces = [
    's',
    'sluice-',
    '__Host-',
    '0d9d76b1',
    'a',
    '-',
    '=',
    '; ',
    ';',
    ' ',
    'x'.repeat(9),
    SIGN_IN,
    SECURE,
  ]
  for (let n = 0; n < 2000; n++) {
    const value = `c${Array.from({ length: random.below(12) }, () => random.pick(pieces)).join('')}e`
    const left = value.split(';').filter((pair) => !/^ *(?:__Host-)?sluice-[0-9a-f]{8} *=/.test(pair))
    const line = `Cookie: ${left.join(';')}\r\n`
    expect([random.seed, value, sent(`Cookie: ${value}\r\n`)]).toEqual([random.seed, value, line])
  }
})
