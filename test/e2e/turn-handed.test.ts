// Clients of the relay over TCP are the relay's, by their descriptors, once they have spoken: their worker
// has no part in them any more.
import { afterEach, expect, test } from 'bun:test'
import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testCertificate } from '../support/certificate.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { sendSignal } from '../support/processes.ts'
import { socketsOfRun } from '../support/sockets.ts'
import * as stun from '../support/stun.ts'
import { TurnLine } from '../support/turn-line.ts'
import { waitFor } from '../support/wait.ts'
import { Peer } from '../unit/sockets/conformance/peer.ts'

let gateway: Gateway | null = null
const folders: string[] = []
afterEach(async () => {
  await gateway?.[Symbol.asyncDispose]()
  gateway = null
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

const isBun = socketsOfRun() === 'bun'
if (isBun) process.stderr.write('skipped: needs sockets of ours\n')

async function start(): Promise<Gateway> {
  const folder = mkdtempSync(join(tmpdir(), 'turn-handed-'))
  folders.push(folder)
  copyFileSync(testCertificate().cert, join(folder, 'cert.pem'))
  copyFileSync(testCertificate().key, join(folder, 'key.pem'))
  const turn = {
    bind: '127.0.0.1:0',
    protocol: 'turn',
    realm: 'example.org',
    auth: { users: { test: 'test123' } },
    relay: { bind: ['127.0.0.1'] },
    peers: { allow: ['127.0.0.0/8'] },
    tls: { bind: '127.0.0.1:0', cert: 'cert.pem', key: 'key.pem' },
  }
  return (gateway = await startGateway({ folder, workers: 1, config: { listeners: { turn } } }))
}

const open = (on: Gateway, transport: 'tcp' | 'tls'): Promise<TurnLine> =>
  TurnLine.open({ transport, port: on.port(transport === 'tls' ? 'turn.tls' : 'turn') })

async function metric(on: Gateway, name: string): Promise<number> {
  const text = await (await fetch(`${on.admin}/metrics`)).text()
  return Number(new RegExp(`^lb_${name}(?:\\{[^}]*\\})? (\\d+)$`, 'm').exec(text)?.[1])
}

test.skipIf(isBun)('they outlive it, and a stop ends them as all others', async () => {
  const on = await start()
  await using line = await open(on, 'tcp')
  await using encrypted = await open(on, 'tls')
  await line.allocate()
  await encrypted.allocate()
  const [before] = on.workers
  sendSignal(before, 'SIGKILL')
  await on.event('worker_replaced')
  await waitFor(() => encrypted.isClosed)
  expect((await line.refresh(600)).code).toBe(0)
  expect(line.isClosed).toBe(false)
  // It is no client of a worker any more, and who comes now is.
  await using next = await open(on, 'tcp')
  await next.allocate()
  await waitFor(async () => (await metric(on, 'active_connections')) === 1)
  on.signal('SIGTERM')
  expect((await line.refresh(600)).code).toBe(0)
  expect(await on.exited()).toBe(0)
  await waitFor(() => line.isClosed && next.isClosed)
  expect(on.last('stopped')).toMatchObject({ aborted: 2 })
})

const BINDING = new stun.StunWriter(stun.BINDING).done()

/** What clients do before they are gone, and whether that is heard of. */
const STAGES: readonly ((peer: Peer, port: number) => Promise<void> | void)[] = [
  (peer) => peer.reset(),
  (peer) => void peer.send(BINDING.subarray(0, 1)),
  (peer) => {
    peer.send(BINDING)
    peer.reset()
  },
  (peer) => {
    peer.send(BINDING)
    peer.shutdown()
  },
  async (peer) => {
    peer.send(BINDING)
    await peer.readBytes(20)
    peer.send(BINDING.subarray(0, 10))
  },
  async (peer) => {
    peer.send(BINDING)
    await peer.readBytes(20)
    peer.shutdown()
    await peer.readToEnd()
  },
  (peer) => void peer.send('GET / HTTP/1.1\r\n\r\n'),
  async (_peer, port) => {
    await using line = await TurnLine.open({ transport: 'tcp', port })
    await line.allocate()
  },
]

test.skipIf(isBun)('200 that leave at whatever stage leave nothing behind, in no process', async () => {
  const on = await start()
  {
    await using line = await open(on, 'tcp')
    await line.allocate()
  }
  const processes = [...on.workers, on.relay as number]
  const descriptors = (): number[] => processes.map((pid) => readdirSync(`/proc/${pid}/fd`).length)
  await waitFor(async () => (await metric(on, 'active_connections')) === 0)
  const before = descriptors()
  const port = on.port('turn')
  for (let round = 0; round < 200 / 40; round++) {
    const peers = Array.from({ length: 40 }, () => Peer.connect(port))
    await Promise.all(peers.map((peer, i) => STAGES[i % STAGES.length]!(peer, port)))
    for (const [i, peer] of peers.entries()) if (i % 3 === 0) peer.reset()
    for (const peer of peers) peer.close()
  }
  await waitFor(async () => (await metric(on, 'active_connections')) === 0)
  await waitFor(async () => (await metric(on, 'turn_connections')) === 0)
  await waitFor(() => descriptors().every((count, i) => count <= (before[i] ?? 0)))
})
