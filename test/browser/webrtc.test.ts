// WebRTC as browsers speak it: two RTCPeerConnections of headless Chromium that may only use relays, all runs
// in one page.
import { afterAll, beforeAll, describe, expect } from 'bun:test'
import { browserResults } from '../support/browser.ts'
import { testCertificate } from '../support/certificate.ts'
import { needs, programPath } from '../support/needs.ts'
import { restPassword } from '../support/stun.ts'
import { startTurn, type TurnServer } from '../support/turn.ts'

const test = needs('chromium', 'openssl')

interface Settings {
  readonly iceServers: readonly {
    readonly urls: string
    readonly username: string
    readonly credential: string
  }[]
  readonly expectsFailure?: boolean
}

interface Outcome {
  readonly isOpen: boolean
  readonly openMs: number
  readonly sent: number
  readonly received: number
  readonly p99Ms: number
  readonly used: readonly { readonly type: string; readonly protocol: string; readonly address: string }[]
  readonly candidates: readonly string[]
  readonly errors: readonly { readonly code: number; readonly text: string; readonly url: string }[]
}

let server: TurnServer
let outcomes: Record<string, Outcome> = {}

beforeAll(async () => {
  if (programPath('chromium') === null) return
  // Peers are refused as they are by default: two clients of one relay reach each other all the same.
  server = await startTurn({
    main: { tls: true, ...(process.env['SLUICE_TEST_TURN'] !== 'coturn' && { allow: [] }) },
    rest: { secret: 's3cr3t' },
  })
  outcomes = (await browserResults({ runs: runs(), trusted: [testCertificate().spki] })) as typeof outcomes
})

afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
})

function runs(): Record<string, Settings> {
  const [plain, tls, rest] = [server.port('main'), server.tlsPort('main'), server.port('rest')]
  const good = { username: 'test', credential: 'test123' }
  const timed = (expiryS: number): { username: string; credential: string } => {
    const username = `${Math.floor(Date.now() / 1000) + expiryS}:alice`
    return { username, credential: restPassword('s3cr3t', username) }
  }
  const one = (urls: string, login = good, expectsFailure = false): Settings => ({
    iceServers: [{ urls, ...login }],
    expectsFailure,
  })
  return {
    udp: one(`turn:127.0.0.1:${plain}?transport=udp`),
    tcp: one(`turn:127.0.0.1:${plain}?transport=tcp`),
    tls: one(`turns:127.0.0.1:${tls}?transport=tcp`),
    rest: one(`turn:127.0.0.1:${rest}?transport=udp`, timed(600)),
    expired: one(`turn:127.0.0.1:${rest}?transport=udp`, timed(-60), true),
    wrong: one(`turn:127.0.0.1:${plain}?transport=udp`, { ...good, credential: 'wrong' }, true),
    wrongTls: one(`turns:127.0.0.1:${tls}?transport=tcp`, { ...good, credential: 'wrong' }, true),
  }
}

describe('two peers in a browser exchange 500 messages of 1000 bytes through relays alone', () => {
  test.each([
    ['udp', 'udp'],
    ['tcp', 'tcp'],
    ['tls', 'tls'],
    ['rest', 'udp'],
  ])('%s', (name, protocol) => {
    const outcome = outcomes[name]!
    const about = JSON.stringify(outcome)
    expect(outcome.isOpen, about).toBe(true)
    expect(outcome.used, about).toEqual([1, 2].map(() => ({ type: 'relay', protocol, address: '127.0.0.1' })))
    expect(outcome.candidates.length, about).toBeGreaterThan(0)
    for (const candidate of outcome.candidates) expect(candidate).toContain(' typ relay ')
    expect(outcome.sent).toBe(500)
    // What is lost on the way is sent again by the browser: on a busy machine that is a matter of time, and
    // all of them arrive.
    expect(outcome.received, about).toBe(500)
  })
})

describe('a browser is told why there is no relay', () => {
  test.each(['wrong', 'wrongTls', 'expired'])('%s: 401', (name) => {
    const outcome = outcomes[name]!
    expect(outcome.isOpen).toBe(false)
    expect(outcome.candidates).toEqual([])
    expect([...new Set(outcome.errors.map(({ code }) => code))], JSON.stringify(outcome)).toEqual([401])
  })
})
