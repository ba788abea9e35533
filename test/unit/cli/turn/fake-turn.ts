// A TURN server in a few lines, that does right what a test does not tell it to do wrong. It relays only
// between its own clients.
import { Address } from '../../../../server/lib/address.ts'
import { channelDataLength, channelOf, putChannelHeader } from '../../../../server/turn/bytes/channel-data.ts'
import { frameLength, isChannelData } from '../../../../server/turn/bytes/frames.ts'
import { hasIntegrity, longTermKey } from '../../../../server/turn/bytes/integrity.ts'
import { decodeMessage, type Message } from '../../../../server/turn/bytes/message.ts'
import { ATTRIBUTES, CLASSES, METHODS, PASSWORD_ALGORITHMS } from '../../../../server/turn/bytes/stun.ts'
import { MessageWriter } from '../../../../server/turn/bytes/writer.ts'
import { testCertificate } from '../../../support/certificate.ts'
import { sendOn } from '../../../support/udp.ts'

export interface FakeWords {
  readonly transport?: 'udp' | 'tcp' | 'tls'
  /** Null: everybody may allocate. */
  readonly password?: string | null
  readonly nonce?: string
  /** PASSWORD-ALGORITHMS, as it is offered. */
  readonly offered?: Uint8Array
  /** Host of relayed addresses. */
  readonly relayed?: string
  /** Port of the first relayed address; the next has the next. */
  readonly firstPort?: number
  /** What becomes of relayed data; null: it is lost. */
  readonly relay?: (data: Uint8Array) => Uint8Array | null
  /** Where Data indications say that they come from. */
  readonly source?: Address
  readonly pads?: boolean
  /** Answers requests before the server itself does; true: that was the answer, or there is none. */
  readonly script?: Script
}

/** Has its say before the fake: true, and the fake says nothing more. */
export type Script = (request: Message, line: Line, fake: FakeTurn) => boolean

/** A client, as the server has it. */
export interface Line {
  readonly address: Address
  send(bytes: Uint8Array): void
  close(): void
  relayed: Address | null
  /** Number → peer's key. */
  readonly channels: Map<number, Address['key']>
}

export const USER = 'test'
export const PASSWORD = 'test123'
export const REALM = 'example.org'

export class FakeTurn implements AsyncDisposable {
  readonly words: FakeWords
  readonly lines = new Set<Line>()
  /** All requests and indications so far, copied. */
  readonly heard: Message[] = []
  port = 0
  #close: () => void = () => {}
  #nextPort: number
  readonly #writer = new MessageWriter()

  private constructor(words: FakeWords) {
    this.words = words
    this.#nextPort = words.firstPort ?? 50_000
  }

  static async start(words: FakeWords = {}): Promise<FakeTurn> {
    const fake = new FakeTurn(words)
    if ((words.transport ?? 'udp') === 'udp') await fake.#openUdp()
    else fake.#openStream(words.transport === 'tls')
    return fake
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#close()
  }

  get address(): Address {
    return Address.parse('127.0.0.1', this.port)!
  }

  /** How often this method was heard. */
  count(method: number): number {
    return this.heard.filter((message) => message.method === method).length
  }

  // ── sockets ──

  async #openUdp(): Promise<void> {
    const known = new Map<number, Line>()
    const socket = await Bun.udpSocket({
      hostname: '127.0.0.1',
      port: 0,
      socket: {
        data: (socket, bytes, port, host) => {
          const line =
            known.get(port) ?? this.#line(host, port, (answer) => sendOn(socket, answer, port, host))
          known.set(port, line)
          this.#onMessage(line, Uint8Array.from(bytes))
        },
        error() {},
      },
    })
    this.port = socket.port
    this.#close = () => socket.close()
  }

  #openStream(tls: boolean): void {
    const { cert, key } = testCertificate()
    const server = Bun.listen<{ line: Line; rest: Buffer } | undefined>({
      hostname: '127.0.0.1',
      port: 0,
      ...(tls && { tls: { cert: Bun.file(cert), key: Bun.file(key) } }),
      socket: {
        open: (socket) => {
          const line = this.#line(
            socket.remoteAddress,
            socket.remotePort,
            (bytes) => void socket.write(bytes),
            () => void socket.terminate(),
          )
          socket.data = { line, rest: Buffer.alloc(0) }
        },
        data: (socket, bytes) => {
          const data = socket.data!
          data.rest = Buffer.concat([data.rest, bytes])
          for (;;) {
            const length = frameLength(data.rest, 0, data.rest.length)
            if (length <= 0) return
            this.#onMessage(data.line, Uint8Array.from(data.rest.subarray(0, length)))
            data.rest = data.rest.subarray(length)
          }
        },
        error() {},
      },
    })
    this.port = server.port
    this.#close = () => server.stop(true)
  }

  #line(host: string, port: number, send: Line['send'], close = (): void => {}): Line {
    const line: Line = {
      address: Address.parse(host, port)!,
      send,
      close,
      relayed: null,
      channels: new Map(),
    }
    this.lines.add(line)
    return line
  }

  // ── what clients say ──

  #onMessage(line: Line, bytes: Uint8Array): void {
    if (isChannelData(bytes, 0)) {
      const length = channelDataLength(bytes, 0, bytes.length)
      const peer = line.channels.get(channelOf(bytes, 0))
      return peer === undefined ? undefined : this.#relay(line, peer, bytes.slice(4, 4 + length))
    }
    const message = decodeMessage(bytes, 0, bytes.length)
    if (message === null) return
    this.heard.push(message)
    if (this.words.script?.(message, line, this) === true) return
    if (message.class === CLASSES.REQUEST) this.#onRequest(line, message)
    else if (message.method === METHODS.SEND && message.xorPeer instanceof Address)
      this.#relay(line, message.xorPeer.key, message.value(ATTRIBUTES.DATA)!.slice())
  }

  #onRequest(line: Line, request: Message): void {
    if (request.method === METHODS.BINDING)
      return this.succeed(line, request, (w) => w.address(ATTRIBUTES.XOR_MAPPED_ADDRESS, line.address))
    if (this.words.password !== null) {
      if (!request.hasIntegrity) return this.challenge(line, request, 401)
      if (!hasIntegrity(request, this.#keyOf(request))) return this.challenge(line, request, 401)
    }
    this.act(line, request)
  }

  /** Does what a request asks for, whoever asks. */
  act(line: Line, request: Message): void {
    const { xorPeers, channelNumber } = request
    const peers = xorPeers === 'malformed' ? [] : xorPeers
    if (request.method === METHODS.ALLOCATE) {
      line.relayed = Address.parse(this.words.relayed ?? '127.0.0.1', this.#nextPort++)!
      return this.succeed(line, request, (w) =>
        w
          .address(ATTRIBUTES.XOR_RELAYED_ADDRESS, line.relayed!)
          .address(ATTRIBUTES.XOR_MAPPED_ADDRESS, line.address)
          .u32(ATTRIBUTES.LIFETIME, 600),
      )
    }
    if (request.method === METHODS.REFRESH) {
      if (request.lifetime === 0) line.relayed = null
      return this.succeed(line, request, (w) => w.u32(ATTRIBUTES.LIFETIME, request.lifetime === 0 ? 0 : 600))
    }
    if (peers.some(({ host }) => host !== line.relayed?.host)) return this.refuse(line, request, 403)
    if (request.method === METHODS.CHANNEL_BIND && typeof channelNumber === 'number')
      line.channels.set(channelNumber, peers[0]!.key)
    this.succeed(line, request)
  }

  #relay(from: Line, to: Address['key'], sent: Uint8Array): void {
    const other = [...this.lines].find(({ relayed }) => relayed?.key === to)
    const data = this.words.relay === undefined ? sent : this.words.relay(sent)
    if (other === undefined || data === null) return
    const channel = [...other.channels].find(([, peer]) => peer === from.relayed?.key)?.[0]
    if (channel !== undefined) return other.send(this.channelData(channel, data))
    this.#writer.begin(METHODS.DATA, CLASSES.INDICATION, crypto.getRandomValues(new Uint8Array(12)))
    this.#writer
      .address(ATTRIBUTES.XOR_PEER_ADDRESS, this.words.source ?? from.relayed!)
      .bytes(ATTRIBUTES.DATA, data)
    other.send(this.#writer.finish())
  }

  channelData(channel: number, data: Uint8Array): Uint8Array {
    const isPadded = (this.words.transport ?? 'udp') !== 'udp' && this.words.pads !== false
    const message = new Uint8Array(4 + (isPadded ? (data.length + 3) & ~3 : data.length))
    message.set(data, 4)
    putChannelHeader(message, 4, data.length, channel)
    return message
  }

  // ── answers ──

  succeed(line: Line, request: Message, build: (writer: MessageWriter) => unknown = () => {}): void {
    this.answer(line, request, CLASSES.SUCCESS, build)
  }

  refuse(
    line: Line,
    request: Message,
    code: number,
    build: (writer: MessageWriter) => unknown = () => {},
  ): void {
    this.answer(line, request, CLASSES.ERROR, (w) => build(w.errorCode(code)))
  }

  challenge(
    line: Line,
    request: Message,
    code: 401 | 438,
    nonce = this.words.nonce ?? 'nonce-of-a-fake',
  ): void {
    const writer = this.#writer.answer(request, CLASSES.ERROR).errorCode(code)
    writer.text(ATTRIBUTES.REALM, REALM).text(ATTRIBUTES.NONCE, nonce)
    if (this.words.offered !== undefined) writer.bytes(ATTRIBUTES.PASSWORD_ALGORITHMS, this.words.offered)
    line.send(writer.finish())
  }

  /** Signed where the request was. */
  answer(
    line: Line,
    request: Message,
    messageClass: number,
    build: (writer: MessageWriter) => unknown,
  ): void {
    const writer = this.#writer.answer(request, messageClass)
    build(writer)
    if (request.integritySha256At >= 0) writer.integritySha256(this.#keyOf(request))
    else if (request.integrityAt >= 0) writer.integritySha1(this.#keyOf(request))
    line.send(writer.fingerprint().finish())
  }

  #keyOf(request: Message): Uint8Array {
    const asked = request.value(ATTRIBUTES.PASSWORD_ALGORITHM)?.[1]
    const algorithm =
      asked === PASSWORD_ALGORITHMS.SHA256 ? PASSWORD_ALGORITHMS.SHA256 : PASSWORD_ALGORITHMS.MD5
    const name = request.text(ATTRIBUTES.USERNAME) ?? USER
    return longTermKey(algorithm, name, REALM, this.words.password ?? PASSWORD)
  }
}
