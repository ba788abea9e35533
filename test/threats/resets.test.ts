// Threat: clients that reset their connections at the worst moment, to leave something taken, or to have a
// server blamed.
//
// Clients that are reset: before anybody has accepted them, and just before they are written to.
import { ptr } from 'bun:ffi'
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { tellBugsTo } from '../../server/lib/bug.ts'
import { socketAddress } from '../../server/lib/socket-address.ts'
import { libc } from '../../server/lib/native.ts'
import { answering, startEngine, toServers } from '../support/engine.ts'
import { startOrigin } from '../support/origin.ts'
import { waitFor } from '../support/wait.ts'

const AF_INET = 2
const SOCK_STREAM = 1
const SOL_SOCKET = 1
const SO_LINGER = 13
const MSG_DONTWAIT = 0x40

const taken = new Uint8Array(new ArrayBuffer(4096))

const bugs: unknown[] = []
beforeAll(() => tellBugsTo((error) => bugs.push(error)))
afterAll(() => tellBugsTo((error) => process.stderr.write(`bug: ${String(error)}\n`)))

/** A socket that a test moves by system calls, so that it can be reset within a turn of the gateway's. */
function wireOf(port: number): { send(text: string): void; received(): number; reset(): void } {
  const { socket, connect, send, recv, setsockopt, close } = libc()
  const fd = socket(AF_INET, SOCK_STREAM, 0)
  const address = socketAddress('127.0.0.1', port)!
  expect(connect(fd, ptr(address), address.length)).toBe(0)
  return {
    send(text) {
      const bytes = Buffer.from(text)
      expect(send(fd, ptr(bytes), bytes.length, 0)).toBe(bytes.length)
    },
    /** Takes what is here; how many bytes that was. */
    received() {
      return Math.max(0, Number(recv(fd, ptr(taken), taken.length, MSG_DONTWAIT)))
    },
    reset() {
      setsockopt(fd, SOL_SOCKET, SO_LINGER, ptr(Int32Array.of(1, 0)), 8)
      close(fd)
    },
  }
}

/** Connects, sends and resets within one turn of the event loop, in which nobody accepts. */
function sendAndReset(port: number, text: string): void {
  const client = wireOf(port)
  client.send(text)
  client.reset()
}

test.skipIf(process.platform !== 'linux')(
  'a request whose client was reset before it was accepted is logged as 499 with its address, and reaches no server',
  async () => {
    await using origin = startOrigin(answering('ok'))
    await using gateway = startEngine({ config: toServers([origin.url]) })
    for (let i = 0; i < 20; i++) sendAndReset(gateway.port(), `GET /${i} HTTP/1.1\r\nHost: h\r\n\r\n`)
    await waitFor(() => gateway.log.length === 20, { what: 'a line for each' })
    for (const line of gateway.log)
      expect(line).toMatchObject({
        client: '127.0.0.1',
        status: 499,
        fault: 'client_abort',
        aborted: true,
        attempts: 0,
      })
    expect(new Set(gateway.log.map(({ target }) => target)).size).toBe(20)
    expect(gateway.board.requests(0)).toBe(20)
    expect(origin.requests).toHaveLength(0)
    expect(bugs).toEqual([])
    await gateway.settled()
  },
)

test.skipIf(process.platform !== 'linux')(
  'what is no request, or more than is allowed, is one exchange of a client that is gone too',
  async () => {
    await using gateway = startEngine({ config: toServers(['http://127.0.0.1:1']) })
    sendAndReset(gateway.port(), 'nonsense\r\n\r\n')
    sendAndReset(gateway.port(), `GET /${'a'.repeat(40_000)} HTTP/1.1\r\nHost: h\r\n\r\n`)
    await waitFor(() => gateway.log.length === 2, { what: 'a line for each' })
    for (const line of gateway.log) expect(line).toMatchObject({ status: 499, fault: 'client_abort' })
    expect(bugs).toEqual([])
    await gateway.settled()
  },
)

test.skipIf(process.platform !== 'linux')(
  'what a client sent ahead is not served when the write of an answer finds it reset',
  async () => {
    await using origin = startOrigin(answering('ok'))
    let client: ReturnType<typeof wireOf> | null = null
    // Just before the first answer is written: so the write is what meets the reset, and not an event.
    const resetting = {
      name: 'resetting',
      response() {
        client?.reset()
        client = null
      },
    }
    await using gateway = startEngine({ config: toServers([origin.url]), steps: [resetting] })
    client = wireOf(gateway.port())
    // more than is read ahead: the client is paused
    client.send('GET /ahead HTTP/1.1\r\nHost: h\r\n\r\n'.repeat(4000))
    await waitFor(() => gateway.log.length > 0)
    await gateway.settled()
    // The second is on its way by the time that the answer to the first leaves.
    expect(origin.requests.length).toBeLessThanOrEqual(2)
    expect(gateway.log.map(({ fault }) => fault).slice(1)).toEqual(['client_abort'])
    expect(bugs).toEqual([])
  },
)

test.skipIf(process.platform !== 'linux')(
  'an answer leaves when it is logged: a worker that is killed in between has answered nothing that its log lacks',
  async () => {
    await using origin = startOrigin(answering('ok', ['Date: Sun, 29 Nov 2026 12:00:00 GMT']))
    const seen: number[] = []
    let client: ReturnType<typeof wireOf> | null = null
    const looking = { name: 'looking', end: () => void seen.push(client?.received() ?? -1) }
    await using gateway = startEngine({ config: toServers([origin.url]), steps: [looking] })
    client = wireOf(gateway.port())
    for (const count of [1, 2, 3]) {
      client.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
      await waitFor(() => gateway.log.length === count)
      await waitFor(() => (client?.received() ?? 0) > 0, { what: 'the answer' })
    }
    expect(seen).toEqual([0, 0, 0])
    client.reset()
    await gateway.settled()
  },
)
