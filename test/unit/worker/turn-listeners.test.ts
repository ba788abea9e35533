import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../../../server/config/schema.ts'
import { Sockets } from '../../../server/control/sockets/sockets.ts'
import { duplicateFd } from '../../../server/lib/pass-fds.ts'
import type { InProcess, SocketSource } from '../../../server/worker/in-process.ts'
import { testCertificate } from '../../support/certificate.ts'
import { rawClient } from '../../support/client.ts'
import { freePort } from '../../support/kernel.ts'
import { waitFor } from '../../support/wait.ts'
import { certificateName } from '../../../server/tls/certificates.ts'
import { listenerOf } from '../../support/listeners.ts'
import { otherCertificateText, otherPemPair } from '../turn/stream-certificates.ts'
import { BINDING, certificateText, connect, Door, pemPair, type Wire } from '../turn/stream-scene.ts'
import { config, folder, machine, planOf, serve, stop, stopMachines } from './machines.ts'

const path = join(folder, 'door')
let door: Door
let sockets: Sockets
const wires: Wire[] = []

beforeEach(() => {
  rmSync(path, { force: true })
  door = new Door(path)
  sockets = new Sockets(() => false)
})
afterEach(async () => {
  for (const { isClosed, socket } of wires.splice(0)) if (!isClosed) socket.terminate()
  door.close()
  await stopMachines()
  sockets.close()
})

/** Copies of the supervisor's. */
const given: SocketSource = (key) => {
  const { fd, port } = sockets.take(key, 0)
  return { fd: duplicateFd(fd), port }
}

const turn = (more: Record<string, unknown> = {}): Record<string, unknown> => ({
  bind: '127.0.0.1:0',
  protocol: 'turn',
  realm: 'example.org',
  auth: 'none',
  relay: false,
  tls: { bind: '127.0.0.1:0', cert: testCertificate().cert, key: testCertificate().key },
  ...more,
})

const listening = (listeners: Record<string, unknown>): Config =>
  config({ listeners, rules: [{ name: 'all', respond: { status: 200, body: 'http' } }] })

/** What plans call the certificate. */
const NAME = certificateName(testCertificate())

/** Serves a config with the sockets of a supervisor. */
async function apply(
  made: InProcess,
  number: number,
  words: Config,
  text = certificateText(),
): Promise<void> {
  expect(sockets.stage(words.listeners, [0])).toEqual([])
  await serve(made, planOf(number, words, { door: path, certificates: { [NAME]: text } }))
  sockets.commit(words.listeners)
}

const portOf = (made: InProcess, name: string): number => made.plane.ports().get(name) ?? 0

async function client(port: number, tls = false): Promise<Wire> {
  const wire = await connect(port, { tls })
  wires.push(wire)
  return wire
}

/** A client that is with the relay. */
async function served(port: number, tls = false): Promise<Wire> {
  const wire = await client(port, tls)
  wire.write(BINDING)
  const { length } = door.visits
  await waitFor(() => door.visits[length]?.announced)
  return wire
}

describe('addresses of turn listeners', () => {
  test('TCP and TLS are open beside HTTP, and lead to the door', async () => {
    const made = machine(given)
    await apply(made, 1, listening({ web: { bind: '127.0.0.1:0' }, turn: turn() }))
    expect([...made.plane.ports().keys()]).toEqual(['web', 'turn', 'turn#tls'])
    await served(portOf(made, 'turn'))
    await served(portOf(made, 'turn#tls'), true)
    expect(door.visits.map(({ announced }) => announced?.isTls)).toEqual([false, true])
    expect(made.plane.openConnections).toBe(2)
    await using web = await rawClient(portOf(made, 'web'))
    expect((await web.get('/')).body).toBe('http')
  })

  test('a listener of UDP only has none', async () => {
    const made = machine(given)
    const { tls: _, ...plain } = turn({ transports: ['udp'] })
    await apply(made, 1, listening({ web: { bind: '127.0.0.1:0' }, turn: plain }))
    expect([...made.plane.ports().keys()]).toEqual(['web'])
  })

  test('where descriptors cannot be handed on, it binds them by itself', async () => {
    const made = machine()
    const words = listening({ turn: turn() })
    await serve(made, planOf(1, words, { door: path, certificates: { [NAME]: certificateText() } }))
    await served(portOf(made, 'turn#tls'), true)
  })
})

describe('a reload', () => {
  test('with other files changes the certificate, and touches no open connection', async () => {
    const made = machine(given)
    const words = listening({ turn: turn() })
    await apply(made, 1, words)
    const port = portOf(made, 'turn#tls')
    const before = await served(port, true)
    const certificateNow = (): unknown =>
      made.plane.snapshot && listenerOf(made.plane.snapshot, 'turn', 'turn').tls?.certificates.first
    const first = certificateNow()
    await apply(made, 2, words)
    // The same one: who has been here resumes without a whole handshake.
    expect(certificateNow()).toBe(first)
    await apply(made, 3, words, otherCertificateText())
    const after = await client(port, true)
    const subject = (wire: Wire): unknown =>
      (wire.socket as unknown as { getPeerCertificate(): { subject: unknown } }).getPeerCertificate().subject
    expect([subject(before), subject(after)]).toMatchObject([{ CN: 'localhost' }, { CN: 'other' }])
    door.visits[0]?.write('still here')
    await before.has('still here')
    expect(portOf(made, 'turn#tls')).toBe(port)
  })

  test('without the listener: nobody comes in any more, who is there stays', async () => {
    const made = machine(given)
    await apply(made, 1, listening({ web: { bind: '127.0.0.1:0' }, turn: turn() }))
    const port = portOf(made, 'turn')
    const kept = await served(port)
    await apply(made, 2, listening({ web: { bind: '127.0.0.1:0' } }))
    expect([...made.plane.ports().keys()]).toEqual(['web'])
    await waitFor(async () => {
      try {
        const { socket } = await connect(port)
        socket.terminate()
        return false
      } catch {
        return true
      }
    })
    door.visits[0]?.write('still here')
    await kept.has('still here')
  })

  test('that the plan has no door or no good certificate for is refused, and nothing changes', async () => {
    const made = machine(given)
    const words = listening({ turn: turn() })
    await apply(made, 1, words)
    const refused = (more: Parameters<typeof planOf>[2]): Promise<string | null> =>
      made.prepare(planOf(2, words, more))
    expect(await refused({ door: null })).toBe('listeners.turn: the plan has no door to the relay')
    expect(await refused({ door: path })).toBe('listeners.turn.tls: the plan has no certificate for it')
    const mixed = { pairs: [{ cert: pemPair().cert, key: otherPemPair().key }], names: [], endsMs: 0 }
    expect(await refused({ door: path, certificates: { [NAME]: mixed } })).toStartWith('listeners.turn.tls: ')
    expect(made.plane.snapshot?.number).toBe(1)
    await served(portOf(made, 'turn#tls'), true)
  })
})

test('an address goes from HTTP to TURN, to TURN over TLS and back, and nobody who waits there is lost', async () => {
  const made = machine(given)
  // A fixed port: it is what makes it the same address.
  const port = freePort()
  const bind = `127.0.0.1:${port}`
  await apply(made, 1, listening({ web: { bind } }))
  await using kept = await rawClient(port)
  expect((await kept.get('/')).body).toBe('http')
  const tls = turn()['tls'] as object
  const kinds = {
    turn: listening({ turn: turn({ bind, tls: undefined }) }),
    tls: listening({ turn: turn({ transports: ['udp'], tls: { ...tls, bind } }) }),
    http: listening({ again: { bind } }),
  }
  let number = 1
  for (const kind of ['turn', 'tls', 'http', 'tls', 'turn', 'http'] as const) {
    // In the queue before the change, served after it: only TLS has the server wait for the client's first
    // word.
    const waiting = kind === 'tls' ? null : connect(port)
    await apply(made, ++number, kinds[kind])
    const wire = waiting ? await waiting : await client(port, true)
    wires.push(wire)
    wire.write(kind === 'http' ? 'GET / HTTP/1.1\r\nHost: a\r\n\r\n' : BINDING)
    if (kind === 'http') await wire.has('http')
    else await waitFor(() => door.visits.at(-1)?.announced?.clientPort === wire.socket.localPort)
  }
  expect((await kept.get('/')).body).toBe('http')
})

test('a drain waits for those that are with the relay, and leaves it to that to count whom it cuts off', async () => {
  const made = machine(given)
  await apply(made, 1, listening({ turn: turn() }))
  const [first, second] = [await served(portOf(made, 'turn')), await served(portOf(made, 'turn#tls'), true)]
  const cutOff = stop(made, 400)
  // The relay drains as well: it ends one of them in time.
  door.visits[0]?.socket.shutdown()
  await first.ended()
  first.socket.shutdown()
  expect(await cutOff).toBe(0)
  await second.closed()
  expect(made.plane.openConnections).toBe(0)
})
