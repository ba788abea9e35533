// Where several workers share a listener, sessions are resumed as far as clients meet the same one again.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { type Origin, startOrigin } from '../support/origin.ts'
import { within } from '../support/wait.ts'

const REFUSE = join(import.meta.dir, '../support/refuse-steering.ts')
const CLIENTS = Array.from({ length: 60 }, (_, i) => `127.0.1.${1 + i}`)
const TIMES = 3

const isLinux = process.platform === 'linux'
const hasSeccomp = isLinux && ['x64', 'arm64'].includes(process.arch)
if (!hasSeccomp) process.stderr.write('skipped: needs seccomp\n')

const web = (steer: string): object => ({
  bind: '127.0.0.1:0',
  protocol: 'https',
  certificates: 'dev',
  backend: 'app',
  steer,
})
const config = (origin: Origin, listeners: Record<string, object>): Record<string, unknown> => ({
  certificates: { dev: { self_signed: true } },
  listeners,
  backends: { app: { servers: [{ url: origin.url }] } },
})

interface Visit {
  readonly isResumed: boolean
  /** For the next one. */
  readonly session: Buffer
}

/** A handshake from this address. */
function visit(port: number, localAddress: string, session?: Buffer): Promise<Visit> {
  const { promise, resolve, reject } = Promise.withResolvers<Visit>()
  const options = { port, host: '127.0.0.1', localAddress, rejectUnauthorized: false, session }
  const socket = connect(options as never)
  socket.on('error', reject)
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n') // tickets come with the answer
  socket.once('session', (bytes: Buffer) => {
    resolve({ isResumed: socket.isSessionReused(), session: bytes })
    socket.destroy()
  })
  return within(promise, 'a ticket')
}

/** Each client comes once, and then with the session of the time before; how many were resumed. */
async function resumed(port: number, clients = CLIENTS, times = TIMES): Promise<number> {
  const ofEach = await Promise.all(
    clients.map(async (address) => {
      let { session } = await visit(port, address)
      let count = 0
      for (let time = 0; time < times; time++) {
        const next = await visit(port, address, session)
        if (next.isResumed) count++
        session = next.session
      }
      return count
    }),
  )
  return ofEach.reduce((sum, count) => sum + count, 0)
}

describe.if(isLinux)('of the sessions of 60 clients and three workers', () => {
  let origin: Origin
  let gateway: Gateway
  beforeAll(async () => {
    origin = startOrigin((_, reply) => reply.send(200, 'ok'))
    const listeners = { steered: web('client_address'), usual: web('off') }
    gateway = await startGateway({ config: config(origin, listeners), workers: 3 })
  }, 60_000)
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]()
    await origin[Symbol.asyncDispose]()
  })

  test('all are resumed with steer', async () => {
    expect(await resumed(gateway.port('steered'))).toBe(CLIENTS.length * TIMES)
  })

  test('about a third is without', async () => {
    const some = CLIENTS.slice(0, 40)
    const count = await resumed(gateway.port('usual'), some, 2)
    expect(count).toBeGreaterThan(some.length * 2 * 0.05)
    expect(count).toBeLessThan(some.length * 2 * 0.75)
  })
})

test.skipIf(!hasSeccomp)('where the system refuses, it is told once, and clients are served', async () => {
  await using origin = startOrigin((_, reply) => reply.send(200, 'ok'))
  const words = config(origin, { steered: web('client_address') })
  await using gateway = await startGateway({
    config: words,
    workers: 2,
    through: [process.execPath, REFUSE],
  })
  expect(await gateway.event('not_steered')).toMatchObject({
    listener: 'steered',
    why: expect.stringContaining('EPERM') as string,
  })
  await gateway.apply({ ...words, 'x-for': 'another' })
  expect(gateway.events.filter(({ event }) => event === 'not_steered')).toHaveLength(1)
  expect(await resumed(gateway.port('steered'), ['127.0.1.1'], 1)).toBeLessThanOrEqual(1)
})
