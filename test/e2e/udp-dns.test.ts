// Real DNS through a gateway: unbound behind it, dig before it; and its health, asked by a question of DNS.
import { afterAll, beforeAll, describe, expect } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serverIs } from '../support/backends.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { needs, programPath } from '../support/needs.ts'
import { socketsOfRun } from '../support/sockets.ts'
import { nobodysPort } from '../support/udp.ts'
import { waitFor, within } from '../support/wait.ts'

const test = needs('unbound', 'dig')
const isServed = socketsOfRun() !== 'bun' && ['unbound', 'dig'].every((name) => programPath(name) !== null)
/** 700 bytes do not fit in 512: EDNS says that more is taken. */
const LONG = 'x'.repeat(240)

describe.if(isServed)('unbound behind udp listeners', () => {
  let folder: string
  let unbound: Bun.Subprocess
  let gateway: Gateway
  const ports = { plain: 0, proxied: 0 }
  const urlOf = (port: number): string => `udp://127.0.0.1:${port}`

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-dns-'))
    ports.plain = await nobodysPort()
    ports.proxied = await nobodysPort()
    const dead = await nobodysPort()
    writeFileSync(
      join(folder, 'unbound.conf'),
      `server:
  directory: "${folder}"
  chroot: ""
  username: ""
  pidfile: ""
  use-syslog: no
  interface: 127.0.0.1@${ports.plain}
  interface: 127.0.0.1@${ports.proxied}
  proxy-protocol-port: ${ports.proxied}
  do-tcp: no
  do-not-query-localhost: no
  module-config: "iterator"
  access-control: 127.0.0.0/8 allow
  access-control: 127.0.0.66/32 refuse
  local-zone: "test." static
  local-data: "a.test. A 192.0.2.1"
  local-data: 'long.test. TXT "${LONG}" "${LONG}" "${LONG}"'
`,
    )
    unbound = Bun.spawn([programPath('unbound')!, '-d', '-c', join(folder, 'unbound.conf')], {
      stdout: 'ignore',
      stderr: 'ignore',
    })
    const question = String.raw`\x00\x01\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01a\x04test\x00\x00\x01\x00\x01`
    const health_check = {
      send: question,
      expect: { data: String.raw`\xc0\x00\x02\x01` },
      interval: '50ms',
      interval_down: '50ms',
      timeout: '2s',
      rise: 1,
      fall: 1,
    }
    const dns = { bind: '127.0.0.1:0', protocol: 'udp', responses: 1, idle: '5s' }
    gateway = await startGateway({
      config: {
        listeners: {
          dns: { ...dns, backend: 'dns' },
          proxied: { ...dns, backend: 'proxied', proxy_header: 'each' },
        },
        backends: {
          dns: { servers: [{ url: urlOf(ports.plain) }, { url: urlOf(dead) }], health_check },
          proxied: { servers: [{ url: urlOf(ports.proxied) }] },
        },
      },
    })
    await serverIs(gateway.admin, urlOf(ports.plain), 'up')
    await serverIs(gateway.admin, urlOf(dead), 'down')
  })
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]()
    unbound.kill()
    await unbound.exited
    rmSync(folder, { recursive: true, force: true })
  })

  const dig = async (listener: string, ...words: string[]): Promise<string> => {
    const asked = ['@127.0.0.1', '-p', String(gateway.port(listener)), '+tries=2', '+time=5', ...words]
    const child = Bun.spawn(['dig', ...asked], { stdout: 'pipe', stderr: 'ignore' })
    return within(new Response(child.stdout).text(), 'dig')
  }

  test('answers, one flow for each question; a resolver that refuses is down by its check', async () => {
    expect((await dig('dns', '+short', 'a.test')).trim()).toBe('192.0.2.1')
    expect(await dig('dns', '+short', '+bufsize=4096', 'long.test', 'TXT')).toContain(LONG)
    expect(await dig('dns', 'none.test')).toContain('status: NXDOMAIN')
    const lines = await waitFor(async () => {
      const all = await gateway.accessLog()
      return all.length >= 3 ? all : null
    })
    for (const line of lines)
      expect(line).toMatchObject({
        end: 'answered',
        server: urlOf(ports.plain),
        datagrams_out: 1,
        attempts: 1,
      })
  })

  test('a resolver is told who asks, and answers by that', async () => {
    expect((await dig('proxied', '+short', 'a.test')).trim()).toBe('192.0.2.1')
    expect(await dig('proxied', '-b', '127.0.0.66', 'a.test')).toContain('status: REFUSED')
  })
})
