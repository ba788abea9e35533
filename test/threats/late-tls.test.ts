// Threat: a worker that is held up reads late what came in time, also where TLS ends here, and judges by its
// own clock who has said nothing.
import { expect, test } from 'bun:test'
import { connect as connectTcp, createServer } from 'node:net'
import { type TLSSocket, connect } from 'node:tls'
import { testCertificate } from '../support/certificate.ts'
import { rawClient } from '../support/client.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { heldUp } from '../support/held-up.ts'
import { RawServer } from '../support/raw-server.ts'
import { ByteReader } from '../support/reader.ts'
import { waitFor, within } from '../support/wait.ts'

const TIME_MS = 400
const TIME = `${TIME_MS}ms`
/** A deadline is met at different moments of a loop's turns: once is not enough. */
const TIMES = 2

type Words = Record<string, unknown>

const OK = 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 6\r\n\r\nanswer'
const ANSWERED = /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nanswer$/
const GET = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'

/** With one listener that ends TLS, "web", and this server behind it. */
function gatewayTo(server: RawServer, listener: Words, backend: Words = {}): Promise<Gateway> {
  const { cert, key } = testCertificate()
  const isTcp = listener['protocol'] === 'tcp'
  const url = isTcp ? server.url : `http://127.0.0.1:${server.port}`
  return startGateway({
    config: {
      certificates: { own: { cert, key } },
      listeners: {
        web: { bind: '127.0.0.1:0', protocol: 'https', certificates: ['own'], backend: 'late', ...listener },
      },
      backends: { late: { servers: [{ url }], ...backend } },
    },
  })
}

const held = (gateway: Gateway, act: () => void): Promise<void> => heldUp(gateway, 2 * TIME_MS, act)

class TlsClient {
  readonly reader = new ByteReader()
  readonly #socket: TLSSocket

  constructor(port: number) {
    this.#socket = connect({ host: '127.0.0.1', port, servername: 'localhost', rejectUnauthorized: false })
    this.#socket.on('data', (bytes: Buffer) => this.reader.push(bytes))
    this.#socket.on('error', () => this.reader.end('rst')).on('close', () => this.reader.end('fin'))
  }

  /** One whose handshake is done. */
  static async shaken(port: number): Promise<TlsClient> {
    const client = new TlsClient(port)
    await within(new Promise((resolve) => client.#socket.once('secureConnect', resolve)), 'a handshake')
    return client
  }

  send(text: string): this {
    this.#socket.write(text)
    return this
  }

  /** What comes through the first `text`, or until the end. */
  until(text: string): Promise<string> {
    return within(this.reader.through(text), text)
  }

  [Symbol.dispose](): void {
    this.#socket.destroy()
  }
}

/** Answers the next request, each of which comes on a connection of its own. */
async function answers(server: RawServer): Promise<void> {
  const one = await server.next()
  await one.readUntil('\r\n\r\n')
  one.send(OK).fin()
}

test('a request that came by TLS before its time was over is answered, though it is read behind that', async () => {
  using server = new RawServer()
  await using gateway = await gatewayTo(server, { timeouts: { head: TIME, keep_alive: TIME } })
  for (let n = 0; n < TIMES; n++) {
    using client = await TlsClient.shaken(gateway.port('web'))
    await held(gateway, () => void client.send(GET))
    await answers(server)
    expect(await client.until('answer')).toMatch(ANSWERED)
    // And one that comes on a connection that was kept.
    await held(gateway, () => void client.send(GET))
    await answers(server)
    expect(await client.until('answer')).toMatch(ANSWERED)
  }
})

test('a body goes on of which the next piece came by TLS in time', async () => {
  using server = new RawServer()
  await using gateway = await gatewayTo(server, { timeouts: { idle: TIME } })
  for (let n = 0; n < TIMES; n++) {
    using client = await TlsClient.shaken(gateway.port('web'))
    client.send('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 8\r\n\r\none ')
    const behind = await server.next()
    await behind.readUntil('one ')
    await held(gateway, () => void client.send('more'))
    expect(await behind.readUntil('more')).toBe('more')
    behind.send(OK).fin()
    expect(await client.until('answer')).toMatch(ANSWERED)
  }
})

test('bytes that came by TLS before their connection was idle reach the other side', async () => {
  using server = new RawServer()
  await using gateway = await gatewayTo(server, { protocol: 'tcp', timeouts: { idle: TIME } })
  for (let n = 0; n < TIMES; n++) {
    using client = await TlsClient.shaken(gateway.port('web'))
    client.send('ask ')
    const behind = await server.next()
    await behind.reader.exactly(4)
    await held(gateway, () => void client.send('more'))
    expect(await behind.readUntil('more')).toBe('more')
  }
})

test('a handshake whose last words came in time goes on', async () => {
  using server = new RawServer()
  await using gateway = await gatewayTo(server, { timeouts: { handshake: TIME } })
  for (let n = 0; n < TIMES; n++) {
    await using between = await HoldsLastWords.start(gateway.port('web'))
    using client = new TlsClient(between.port)
    client.send(GET)
    await waitFor(() => between.holds)
    await held(gateway, () => between.letGo())
    await answers(server)
    expect(await client.until('answer')).toMatch(ANSWERED)
  }
})

test('an answer that came in time is handed on', async () => {
  using server = new RawServer()
  await using gateway = await gatewayTo(server, {}, { timeouts: { response: TIME }, retry: { attempts: 1 } })
  for (let n = 0; n < TIMES; n++) {
    using client = await TlsClient.shaken(gateway.port('web'))
    client.send(GET)
    const behind = await server.next()
    await behind.readUntil('\r\n\r\n')
    await held(gateway, () => behind.send(OK).fin())
    expect(await client.until('answer')).toMatch(ANSWERED)
  }
})

test('who has said nothing in time is still told so', async () => {
  using server = new RawServer()
  await using gateway = await gatewayTo(server, { timeouts: { head: TIME, handshake: TIME } })
  using client = await TlsClient.shaken(gateway.port('web'))
  const silent = await rawClient(gateway.port('web'))
  await held(gateway, () => {})
  expect(await client.until('anything')).toBe('')
  expect(await silent.closed()).toBeString()
})

/** Between a client and a TLS: lets pass what the client says first, and holds what it says next. */
class HoldsLastWords implements AsyncDisposable {
  readonly port: number
  readonly #server: ReturnType<typeof createServer>
  #held: Buffer[] = []
  #saidFirst = false
  #to: ReturnType<typeof connectTcp> | null = null

  static async start(to: number): Promise<HoldsLastWords> {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return new HoldsLastWords(server, to)
  }

  private constructor(server: ReturnType<typeof createServer>, to: number) {
    this.#server = server
    this.port = (server.address() as { port: number }).port
    server.on('connection', (client) => {
      const gateway = connectTcp({ host: '127.0.0.1', port: to })
      gateway.setNoDelay(true)
      gateway.on('error', () => client.destroy()).on('close', () => client.end())
      client.on('error', () => {}).on('close', () => gateway.destroy())
      gateway.pipe(client)
      client.on('data', (bytes: Buffer) => {
        if (this.#saidFirst && this.#to === null) return void this.#held.push(bytes)
        this.#saidFirst = true
        gateway.write(bytes)
      })
      this.letGo = () => {
        this.#to = gateway
        for (const bytes of this.#held) gateway.write(bytes)
      }
    })
  }

  get holds(): boolean {
    return this.#held.length > 0
  }

  letGo = (): void => {}

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close()
  }
}
