// Threat: a client writes the fields in which proxies tell who it is, and is taken for somebody else.
//
// Behind HAProxy and nginx as they come: a client cannot choose who it is taken for.
import { afterAll, beforeAll, describe, expect } from 'bun:test'
import { rawClient } from '../support/client.ts'
import { ClientScene, UNKNOWN_CLIENT, told } from '../support/client-scene.ts'
import { type FrontProxy, startHaproxy, startNginx } from '../support/front-proxy.ts'
import { needs } from '../support/needs.ts'

let scene: ClientScene
beforeAll(() => {
  scene = new ClientScene()
})
afterAll(() => scene[Symbol.asyncDispose]())

/** Clients of the scene's rules, as addresses of this machine. */
const DENIED = '127.0.0.77'
const ALLOWED = '127.0.0.78'
const OTHER = '127.0.0.79'

/** What a client may say of itself. */
const CLAIMS = [
  [], [`X-Forwarded-For: ${ALLOWED}`], [`Forwarded: for=${ALLOWED}`], ['Forwarded: for=_x'], ['Forwarded: for="'], [`X-Real-IP: ${ALLOWED}`],
  ['X-Forwarded-For: unknown'], ['X-Forwarded-For:'], [`X_Forwarded_For: ${ALLOWED}`], ['X-Forwarded-For: 127.0.0.1', 'Forwarded: for=127.0.0.1'],
  [`X-Forwarded-For: ${ALLOWED}`, `Forwarded: for=${ALLOWED}`, `X-Real-IP: ${ALLOWED}`], ['Connection: X-Forwarded-For, X-Real-IP, Forwarded'],
  ['Via: 1.1 x', 'X-Forwarded-Server: x'],
] // prettier-ignore

/**
 * Whom the gateway takes the client of an address for, and what the rules answer: each verdict once, over all
 * that it may say.
 */
async function verdictsOf(proxy: FrontProxy, from: string) {
  const verdicts = new Set<string>()
  for (const claim of CLAIMS) {
    const statuses: number[] = []
    for (const path of ['/deny/a', '/allow/a']) {
      await using client = await rawClient(proxy.port, '127.0.0.1', from)
      const lines = claim.map((field) => `${field}\r\n`).join('')
      client.send(`GET ${path} HTTP/1.1\r\nHost: shop.example\r\n${lines}\r\n`)
      statuses.push((await client.readAnswer()).status)
    }
    verdicts.add(JSON.stringify([scene.gateway.log.at(-1)?.client, ...statuses]))
  }
  return [...verdicts].map((text) => JSON.parse(text) as unknown)
}

async function expectTruth(proxy: FrontProxy): Promise<void> {
  expect(await verdictsOf(proxy, DENIED)).toEqual([[DENIED, 403, 403]])
  expect(await verdictsOf(proxy, ALLOWED)).toEqual([[ALLOWED, 200, 200]])
  expect(await verdictsOf(proxy, OTHER)).toEqual([[OTHER, 200, 403]])
}

describe('HAProxy', () => {
  const test = needs('haproxy')
  test('with option forwardfor', async () => {
    await using proxy = await startHaproxy(scene.gateway.port('xff'), 'option forwardfor')
    await expectTruth(proxy)
  })
  test('that sets Forwarded', async () => {
    const line = 'http-request set-header Forwarded for=%[src];proto=http'
    await using proxy = await startHaproxy(scene.gateway.port('forwarded'), line)
    await expectTruth(proxy)
  })
  test('that adds Forwarded: a client that opens a quote is unknown', async () => {
    const line = 'http-request add-header Forwarded for=%[src]'
    await using proxy = await startHaproxy(scene.gateway.port('forwarded'), line)
    const verdicts = await verdictsOf(proxy, DENIED)
    expect(verdicts).toHaveLength(2)
    expect(verdicts).toContainEqual([DENIED, 403, 403])
    expect(verdicts).toContainEqual(UNKNOWN_CLIENT.slice(0, 3))
  })
})

describe('nginx', () => {
  const test = needs('nginx')
  test('with $proxy_add_x_forwarded_for', async () => {
    const line = 'proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;'
    await using proxy = await startNginx(scene.gateway.port('xff'), line)
    await expectTruth(proxy)
  })
  test('with X-Real-IP', async () => {
    await using proxy = await startNginx(
      scene.gateway.port('real_ip'),
      'proxy_set_header X-Real-IP $remote_addr;',
    )
    await expectTruth(proxy)
  })
  test('and what the server is told behind both', async () => {
    const lines = `proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header X-Forwarded-Proto https;
      proxy_set_header Host $http_host;`
    await using proxy = await startNginx(scene.gateway.port('xff'), lines)
    scene.origin.forget()
    await using client = await rawClient(proxy.port, '127.0.0.1', OTHER)
    client.send(
      'GET /a HTTP/1.1\r\nHost: shop.example\r\nForwarded: for=6.6.6.6;proto=http\r\nX-Real-IP: 6.6.6.6\r\n\r\n',
    )
    expect((await client.readAnswer()).status).toBe(200)
    expect(told(await scene.origin.received(1))).toEqual([
      `${OTHER}, 127.0.0.1`,
      'https',
      'shop.example',
      '443',
      '',
      '',
    ])
  })
})
