import { describe, expect, test } from 'bun:test'
import type { Answer } from '../../../server/head/answer.ts'
import type { CsrfConfig } from '../../../server/middleware/csrf.options.ts'
import { stepOf, stepsOf } from '../../support/step-world.ts'
import { exchange, headOf } from './exchanges.ts'

const OPTIONS: CsrfConfig = {
  mode: 'enforce',
  trusted: ['https://friend.example', 'https://*.friends.example'],
  upgrades: 'check',
}

function ask(line: string, fields: readonly string[], { options = OPTIONS, scheme = 'https' } = {}) {
  const x = exchange({ request: headOf(`${line} / HTTP/1.1`, ...fields) })
  Object.assign(x.client, { scheme })
  const answer = stepOf({ csrf: options }).request?.(x, undefined) as Answer | undefined
  return { passes: answer === undefined, answer, detail: x.detail }
}

const HOST = 'Host: own.example'
const sends = (...fields: string[]) => ask('POST', [HOST, ...fields]).passes
const SITE = 'Sec-Fetch-Site:'

describe('what changes something', () => {
  test.each([
    ['a browser says that it is a page of its own', [`${SITE} same-origin`], true],
    ['somebody typed the address', [`${SITE} none`], true],
    ['another site', [`${SITE} cross-site`], false],
    ['a name beside it', [`${SITE} same-site`, 'Origin: https://evil.own.example'], false],
    ['a word that nobody knows', [`${SITE} same-planet`], false],
    ['nothing', [`${SITE} `], false],
    ['two things', [`${SITE} same-origin`, `${SITE} cross-site`], false],
    ['the same twice, which no browser does', [`${SITE} same-origin`, `${SITE} same-origin`], false],
    [
      'two origins',
      [`${SITE} same-origin`, 'Origin: https://own.example', 'Origin: https://evil.test'],
      false,
    ],
    ['a friend', [`${SITE} cross-site`, 'Origin: https://friend.example'], true],
    ['one of several friends', [`${SITE} cross-site`, 'Origin: https://a.friends.example'], true],
    [
      'one that looks like a friend',
      [`${SITE} cross-site`, 'Origin: https://friend.example.evil.test'],
      false,
    ],
    [
      'a friend and another',
      [`${SITE} cross-site`, 'Origin: https://friend.example', 'Origin: https://evil.test'],
      false,
    ],
    ['nothing of all this: it is no browser', [], true],
    ['by an older browser: its own origin', ['Origin: https://own.example'], true],
    ['by an older browser: another one', ['Origin: https://evil.test'], false],
    ['by an older browser: none, from a sandbox', ['Origin: null'], false],
    ['by an older browser: the same host in the clear', ['Origin: http://own.example'], false],
    ['by an older browser: another port', ['Origin: https://own.example:8443'], false],
    ['bytes that are no text', ['Origin: \xff\xfe'], false],
    ['an origin of 4,000 characters', [`Origin: https://${'a'.repeat(3900)}`], false],
  ])('%s', (_, fields, passes) => {
    expect(sends(...fields)).toBe(passes)
  })

  test('a host is the same with its usual port, and in capitals', () => {
    for (const host of ['own.example:443', 'OWN.example'])
      expect(ask('POST', [`Host: ${host}`, 'Origin: https://own.example']).passes).toBe(true)
    expect(ask('POST', ['Host: own.example:8443', 'Origin: https://own.example:8443']).passes).toBe(true)
  })

  test('in the clear a page in TLS is its own: that may have ended before us', () => {
    const asked = (origin: string) => ask('POST', [HOST, `Origin: ${origin}`], { scheme: 'http' }).passes
    expect([asked('https://own.example'), asked('http://own.example'), asked('ftp://own.example')]).toEqual([
      true,
      true,
      false,
    ])
  })

  test('is refused with 403, and the log says by what', () => {
    const { answer, detail } = ask('DELETE', [HOST, `${SITE} cross-site`])
    expect(answer).toMatchObject({ status: 403, fault: 'cross_origin' })
    expect(detail).toBe('rules.test.csrf: Sec-Fetch-Site "cross-site"')
    expect(ask('PUT', [HOST, `Origin: https://${'a'.repeat(3000)}`]).detail?.length).toBeLessThan(200)
  })
})

test.each(['GET', 'HEAD', 'OPTIONS', 'QUERY'])('%s changes nothing, and passes from anywhere', (method) => {
  expect(ask(method, [HOST, `${SITE} cross-site`, 'Origin: https://evil.test']).passes).toBe(true)
})

test('a WebSocket is opened for pages of its own only, unless all may', () => {
  const upgrade = [HOST, 'Connection: Upgrade', 'Upgrade: websocket', 'Origin: https://evil.test']
  expect(ask('GET', upgrade).passes).toBe(false)
  expect(ask('GET', upgrade, { options: { ...OPTIONS, upgrades: 'pass' } }).passes).toBe(true)
  expect(ask('GET', upgrade.with(3, 'Origin: https://own.example')).passes).toBe(true)
})

test('in shadow it passes, and is counted', () => {
  const [made] = stepsOf([{ csrf: { ...OPTIONS, mode: 'shadow' } }])
  const x = exchange({ request: headOf('POST / HTTP/1.1', HOST, `${SITE} cross-site`) })
  expect(made?.step.request?.(x, undefined)).toBeUndefined()
  expect([x.shadow, x.detail]).toEqual(['csrf', null])
})
