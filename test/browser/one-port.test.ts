// A page and the relay of its WebRTC on one port, as browsers use both: the page is loaded over HTTPS, and
// two RTCPeerConnections of it that may only use relays reach them by "turns:" on the same port.
import { afterAll, beforeAll, expect } from 'bun:test'
import { browserResults } from '../support/browser.ts'
import { testCertificate } from '../support/certificate.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { needs, programPath } from '../support/needs.ts'
import { turnListener } from '../support/turn.ts'
import { waitFor } from '../support/wait.ts'

const test = needs('chromium', 'openssl')

interface Outcome {
  readonly isOpen: boolean
  readonly received: number
  readonly used: readonly { readonly type: string; readonly protocol: string; readonly address: string }[]
  readonly errors: readonly { readonly code: number }[]
}

let gateway: Gateway | null = null
let outcomes: Record<string, Outcome> = {}

beforeAll(async () => {
  if (programPath('chromium') === null) return
  const { cert, key, spki } = testCertificate()
  const front = async (pages: string): Promise<string> => {
    gateway = await startGateway({
      config: {
        certificates: { site: { cert, key } },
        listeners: {
          web: {
            bind: '127.0.0.1:0',
            protocol: 'https',
            certificates: 'site',
            turn: 'relay',
            backend: 'pages',
          },
          relay: turnListener('relay', { allow: [], ours: { transports: ['udp'] } }),
        },
        backends: { pages: { servers: [{ url: pages.replace(/\/$/, '') }] } },
      },
    })
    return `https://127.0.0.1:${gateway.port('web')}/`
  }
  const runs = (url: string): object => {
    const one = { urls: `turns:${new URL(url).host}?transport=tcp`, username: 'test' }
    return {
      good: { iceServers: [{ ...one, credential: 'test123' }] },
      wrong: { iceServers: [{ ...one, credential: 'wrong' }], expectsFailure: true },
    }
  }
  outcomes = (await browserResults({ runs, front, trusted: [spki] })) as typeof outcomes
})

afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]()
})

test('a page comes over HTTPS, and its peers exchange messages through relays over TLS on the same port', async () => {
  const about = JSON.stringify(outcomes['good'])
  expect(outcomes['good'], about).toMatchObject({ isOpen: true, received: 500 })
  expect(outcomes['good']?.used, about).toEqual(
    [1, 2].map(() => ({ type: 'relay', protocol: 'tls', address: '127.0.0.1' })),
  )
  // Workers write their lines once a second.
  const isLogged = ({ method, path, status }: Record<string, unknown>): boolean =>
    [method, path, status].join(' ') === 'GET /relay.js 200'
  await waitFor(async () => (await gateway!.accessLog()).some(isLogged))
})

test('a wrong password is told there as anywhere: 401', () => {
  const { isOpen, errors } = outcomes['wrong']!
  expect(isOpen).toBe(false)
  expect([...new Set(errors.map(({ code }) => code))]).toEqual([401])
})
