// What status tells of each listener: connections or flows that are open, how many there were, what failed.
import { expect, test } from 'bun:test'
import { connect, type Socket } from 'node:net'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { metrics } from '../../server/cli/metrics.ts'
import { status } from '../../server/cli/status.ts'
import { saidBy } from '../support/command.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { waitFor } from '../support/wait.ts'

const CONFIG = {
  listeners: {
    web: { bind: '127.0.0.1:0', protocol: 'http' },
    db: { bind: '127.0.0.1:0', protocol: 'tcp', backend: 'gone' },
    dns: { bind: '127.0.0.1:0', protocol: 'udp', backend: 'dgram' },
  },
  rules: [
    { name: 'bad', match: { path: '/bad' }, respond: { status: 500 } },
    { name: 'all', match: { listener: 'web' }, respond: { status: 200 } },
  ],
}

interface Row {
  readonly listener: string
  readonly counts: string
  readonly open: number
  readonly total: number
  readonly faults: number
}

async function rowsOf(gateway: Gateway, ...more: readonly string[]): Promise<unknown[][]> {
  const { out } = await saidBy((io) => metrics([...more, '--json', '-c', gateway.configFile], io), {
    cwd: '/',
  })
  const { listeners } = JSON.parse(out) as { readonly listeners: readonly Row[] }
  return listeners.map(({ listener, counts, open, total, faults }) => [listener, counts, open, total, faults])
}

test('connections, flows and faults are told by listener', async () => {
  const echo = createSocket('udp4')
  echo.bind(0, '127.0.0.1')
  await once(echo, 'listening')
  const backends = {
    gone: { servers: [{ url: 'tcp://127.0.0.1:1' }] },
    dgram: { servers: [{ url: `udp://127.0.0.1:${echo.address().port}` }] },
  }
  await using gateway = await startGateway({ config: { ...CONFIG, backends }, workers: 2 })
  const clients: Socket[] = []
  const client = createSocket('udp4')
  try {
    for (const path of ['/', '/bad', '/']) {
      const socket = connect(gateway.port('web'), '127.0.0.1')
      clients.push(socket)
      socket.write(`GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`)
      await once(socket, 'data')
    }
    const refused = connect(gateway.port('db'), '127.0.0.1')
    refused.on('error', () => {}).resume()
    await new Promise<void>((resolve) => void refused.once('close', () => resolve()))
    client.send('x', gateway.port('dns'), '127.0.0.1')
    await once(echo, 'message')
    const whole = [
      ['web', 'connections', 3, 3, 1],
      ['db', 'connections', 0, 1, 1],
      ['dns', 'flows', 1, 1, 0],
    ]
    await waitFor(async () => Bun.deepEquals(await rowsOf(gateway), whole)).catch(() => {})
    expect(await rowsOf(gateway)).toEqual(whole)
    expect(await rowsOf(gateway, 'web')).toEqual([whole[0]!])
    const { out } = await saidBy((io) => status(['-c', gateway.configFile], io), { cwd: '/' })
    expect(out).toMatch(/^LISTENER +PROTOCOL +ADDRESS +OPEN +TOTAL +FAULTS$/m)
    expect(out).toMatch(/^web +http +127\.0\.0\.1:\d+ +3 connections +3 +1$/m)
    expect(out).toMatch(/^dns +udp +127\.0\.0\.1:\d+ +1 flow +1 +0$/m)
    // One of them is left.
    for (const socket of clients.splice(1)) socket.destroy()
    await waitFor(async () => (await rowsOf(gateway))[0]?.[2] === 1)
  } finally {
    for (const socket of clients) socket.destroy()
    client.close()
    echo.close()
  }
})
