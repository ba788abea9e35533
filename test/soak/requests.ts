// A great many small requests on a gateway with the sockets of one kind. Each answer's bytes are compared
// with those of the first, each request is counted by the server, by the clients and by the gateway.
import type { Socket } from 'bun'
import { rawClient } from '../support/client.ts'
import { startGateway } from '../support/gateway.ts'
import type { SocketsKind } from '../../server/sockets/socket.ts'
import { waitFor } from '../support/wait.ts'
import { gaugeOf } from './gauge.ts'

export interface RequestsSoakOptions {
  readonly count: number
  readonly kind: SocketsKind
  readonly workers: number
}

const CLIENTS = 64
/** Requests of a client that are on their way at once. */
const AHEAD = 4
const REQUEST = Buffer.from('GET /small HTTP/1.1\r\nHost: h\r\n\r\n')
/** With a date of its own, which the gateway would add else. */
const ANSWER = Buffer.from(
  [
    'HTTP/1.1 200 OK',
    'Date: Mon, 02 Jan 2026 03:04:05 GMT',
    'Content-Length: 24',
    '',
    'small '.repeat(4),
  ].join('\r\n'),
)
const HEAD_END = Buffer.from('\r\n\r\n')

/** Sends them all; what came of it. */
export async function soakRequests({ count, kind, workers }: RequestsSoakOptions): Promise<{
  readonly notes: readonly string[]
  readonly problems: readonly string[]
}> {
  const server = new CountingServer()
  await using gateway = await startGateway({
    config: {
      listeners: { web: { bind: '127.0.0.1:0', limits: { requests: 1_000_000 }, backend: 'b' } },
      backends: { b: { servers: [{ url: `http://127.0.0.1:${server.port}` }] } },
      logs: { level: 'info', access: { enabled: false } },
    },
    workers,
    env: { SLUICE_SOCKETS: kind },
  })
  const problems: string[] = []
  const pids = gateway.workers
  const run = new Run(count, await firstAnswer(gateway.port()), problems)
  const beganMs = performance.now()
  await Promise.all(Array.from({ length: CLIENTS }, () => run.client(gateway.port())))
  const seconds = (performance.now() - beganMs) / 1000
  if (!Bun.deepEquals(pids.toSorted(), gateway.workers.toSorted())) problems.push('a worker died')
  if (run.answered !== count) problems.push(`${run.answered} answers of ${count} were right`)
  if (server.requests !== count + 1)
    problems.push(`the server saw ${server.requests - 1} requests of ${count}`)
  await waitFor(async () => (await gaugeOf(gateway, 'requests_total')) === count + 1, { everyMs: 200 }).catch(
    async () => problems.push(`the gateway counted ${await gaugeOf(gateway, 'requests_total')}`),
  )
  server.stop()
  const each = `${Math.round(count / seconds)} a second`
  return { notes: [`on ${kind}: ${count} requests in ${seconds.toFixed(1)} s, ${each}`], problems }
}

/** The bytes that all others must have. */
async function firstAnswer(port: number): Promise<Buffer> {
  await using client = await rawClient(port)
  client.send(REQUEST)
  const head = await client.readUntil('\r\n\r\n')
  const body = await client.reader.exactly(24)
  return Buffer.concat([Buffer.from(head, 'latin1'), body])
}

class Run {
  answered = 0
  #toSend: number
  readonly #answer: Buffer
  readonly #problems: string[]
  /** The answer over and over: what comes is compared with a piece of it. */
  readonly #pattern: Buffer

  constructor(count: number, answer: Buffer, problems: string[]) {
    this.#toSend = count
    this.#answer = answer
    this.#problems = problems
    this.#pattern = Buffer.alloc(answer.length * 1000, answer)
  }

  /** One client, from its first request to its last answer. */
  async client(port: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    // Where in an answer it is, and how many are on their way.
    let [at, ahead] = [0, 0]
    const send = (socket: Socket): void => {
      const more = Math.min(AHEAD - ahead, this.#toSend)
      this.#toSend -= more
      ahead += more
      for (let n = 0; n < more; n++)
        if (socket.write(REQUEST) !== REQUEST.length) this.#fail('a request is cut')
      if (ahead === 0) socket.terminate()
    }
    await Bun.connect({
      hostname: '127.0.0.1',
      port,
      socket: {
        open: send,
        data: (socket, bytes) => {
          if (!this.#isRight(bytes, at)) {
            this.#fail(`an answer is wrong: ${bytes.toString('latin1').slice(0, 400)}`)
            return socket.terminate()
          }
          const whole = Math.floor((at + bytes.length) / this.#answer.length)
          at = (at + bytes.length) % this.#answer.length
          this.answered += whole
          ahead -= whole
          send(socket)
        },
        close: () => resolve(),
      },
    })
    await promise
    if (ahead > 0) this.#fail(`a connection ended with ${ahead} answers missing`)
  }

  #isRight(bytes: Buffer, at: number): boolean {
    const room = this.#pattern.length - this.#answer.length
    for (let from = 0, place = at; from < bytes.length;) {
      const piece = bytes.subarray(from, from + room)
      if (!piece.equals(this.#pattern.subarray(place, place + piece.length))) return false
      from += piece.length
      place = (place + piece.length) % this.#answer.length
    }
    return true
  }

  #fail(why: string): void {
    if (this.#problems.length < 20) this.#problems.push(why)
    this.#toSend = 0
  }
}

/** Answers each head, and counts them. */
class CountingServer {
  requests = 0
  readonly port: number
  readonly #listener: Bun.TCPSocketListener<undefined>

  constructor() {
    this.#listener = Bun.listen({
      hostname: '127.0.0.1',
      port: 0,
      socket: {
        data: (socket, bytes) => {
          // Who asks waits for the answer before it asks again: a head comes whole, and alone.
          for (let at = bytes.indexOf(HEAD_END); at >= 0; at = bytes.indexOf(HEAD_END, at + 4)) {
            this.requests++
            socket.write(ANSWER)
          }
        },
      },
    })
    this.port = this.#listener.port
  }

  stop(): void {
    this.#listener.stop(true)
  }
}
