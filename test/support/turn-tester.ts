// A client of a TURN engine in memory (turn-world.ts).
import { longTermKey } from '../../server/turn/bytes/integrity.ts'
import { decodeMessage, type Message } from '../../server/turn/bytes/message.ts'
import {
  ATTRIBUTES,
  CLASSES,
  METHODS,
  PASSWORD_ALGORITHMS,
  TRANSPORTS,
} from '../../server/turn/bytes/stun.ts'
import { MessageWriter } from '../../server/turn/bytes/writer.ts'
import { REALM } from './turn-config.ts'
import { at, FakeStream } from './turn-network.ts'
import type { World } from './turn-world.ts'

export interface ClientParts {
  readonly user?: string
  readonly password?: string
  readonly realm?: string
  /** By a connection: of this transport. */
  readonly stream?: 'tcp' | 'tls'
  readonly listener?: string
  /** Where the listener is. */
  readonly server?: string
}

export type Write = (writer: MessageWriter) => void

export class TestClient {
  readonly world: World
  readonly from: string
  readonly stream: FakeStream | null
  readonly #parts: Required<Omit<ClientParts, 'stream' | 'listener'>>
  readonly #writer = new MessageWriter()
  nonce: string | null = null
  #transaction = 0

  constructor(world: World, from: string, parts: ClientParts = {}) {
    const { user = 'alice', password = 'apple', realm = REALM, server = '198.51.100.1:3478' } = parts
    this.world = world
    this.from = from
    this.#parts = { user, password, realm, server }
    this.stream =
      parts.stream === undefined
        ? null
        : new FakeStream({ onBytes: () => 0, onClose() {} }, at(from), at(server), {
            listener: parts.listener ?? 'turn',
            transport: parts.stream,
          })
    if (this.stream !== null) world.turn.accept(this.stream)
  }

  /** Sends bytes. */
  give(bytes: Uint8Array): void {
    if (this.stream !== null) this.stream.come(bytes)
    else if (!this.world.network.deliver(this.from, this.#parts.server, bytes))
      throw new Error(`nobody is at ${this.#parts.server}`)
  }

  /** All messages that came since. */
  takeAll(): Uint8Array[] {
    if (this.stream !== null) return frames(this.stream.take())
    return this.world.network.take(this.from).map(({ bytes }) => bytes)
  }

  takeMessage(): Message | null {
    const [bytes] = this.takeAll()
    return bytes === undefined ? null : decodeMessage(bytes, 0, bytes.length)
  }

  /** A request or indication as it is. */
  raw(
    method: number,
    write: Write = () => {},
    messageClass: number = CLASSES.REQUEST,
    transaction?: Uint8Array,
  ): Uint8Array {
    this.#writer.begin(method, messageClass, transaction ?? this.newTransaction())
    write(this.#writer)
    return this.#writer.finish().slice()
  }

  newTransaction(): Uint8Array {
    const id = new Uint8Array(12)
    new DataView(id.buffer).setUint32(8, ++this.#transaction)
    return id
  }

  /** Asks without credentials. */
  askOpenly(method: number, write: Write = () => {}): Message | null {
    this.give(this.raw(method, write))
    return this.takeMessage()
  }

  /** A request with credentials. */
  signed(
    method: number,
    write: Write = () => {},
    transaction?: Uint8Array,
    after: Write = () => {},
  ): Uint8Array {
    if (this.nonce === null) {
      const challenge = this.askOpenly(METHODS.REFRESH)
      this.nonce = challenge?.text(ATTRIBUTES.NONCE) ?? null
    }
    const { user, password, realm } = this.#parts
    return this.raw(
      method,
      (writer) => {
        write(writer)
        writer.text(ATTRIBUTES.USERNAME, user).text(ATTRIBUTES.REALM, realm)
        if (this.nonce !== null) writer.text(ATTRIBUTES.NONCE, this.nonce)
        writer.integritySha1(longTermKey(PASSWORD_ALGORITHMS.MD5, user, realm, password))
        after(writer)
      },
      CLASSES.REQUEST,
      transaction,
    )
  }

  /** Asks with credentials; null: no answer. */
  ask(method: number, write: Write = () => {}, transaction?: Uint8Array): Message | null {
    this.give(this.signed(method, write, transaction))
    return this.takeMessage()
  }

  /** The error code of an answer; 0: success; -1: no answer. */
  code(method: number, write: Write = () => {}): number {
    return codeOf(this.ask(method, write))
  }

  allocate(write: Write = () => {}, transport: number = TRANSPORTS.UDP): Message | null {
    return this.ask(METHODS.ALLOCATE, (writer) => {
      writer.first8(ATTRIBUTES.REQUESTED_TRANSPORT, transport)
      write(writer)
    })
  }

  /** Allocates, and returns the relayed address. */
  relayed(write: Write = () => {}, transport: number = TRANSPORTS.UDP): string {
    const answer = this.allocate(write, transport)
    const address = answer?.address(ATTRIBUTES.XOR_RELAYED_ADDRESS)
    if (!address || address === 'malformed') throw new Error(`no allocation: ${codeOf(answer)}`)
    return address.toString()
  }

  permit(...peers: string[]): number {
    return this.code(METHODS.CREATE_PERMISSION, (writer) => {
      for (const peer of peers) writer.address(ATTRIBUTES.XOR_PEER_ADDRESS, at(peer))
    })
  }

  bind(number: number, peer: string): number {
    return this.code(METHODS.CHANNEL_BIND, (writer) =>
      writer.first16(ATTRIBUTES.CHANNEL_NUMBER, number).address(ATTRIBUTES.XOR_PEER_ADDRESS, at(peer)),
    )
  }

  refresh(lifetime: number | null = null, write: Write = () => {}): Message | null {
    return this.ask(METHODS.REFRESH, (writer) => {
      if (lifetime !== null) writer.u32(ATTRIBUTES.LIFETIME, lifetime)
      write(writer)
    })
  }

  /** A Send indication. */
  send(peer: string, data: string, write: Write = () => {}): void {
    this.give(
      this.raw(
        METHODS.SEND,
        (writer) => {
          writer.address(ATTRIBUTES.XOR_PEER_ADDRESS, at(peer)).text(ATTRIBUTES.DATA, data)
          write(writer)
        },
        CLASSES.INDICATION,
      ),
    )
  }

  channelData(number: number, data: string): void {
    this.give(channelMessage(number, data, this.stream !== null))
  }

  /** Data that came by indications and channels, as "peer or channel: text". */
  heard(): string[] {
    return this.takeAll().map((bytes) => {
      if ((bytes[0] ?? 0) >= 0x40) {
        const number = ((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0)
        const length = ((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0)
        return `0x${number.toString(16)}: ${new TextDecoder().decode(bytes.subarray(4, 4 + length))}`
      }
      const message = decodeMessage(bytes, 0, bytes.length)
      if (message?.method !== METHODS.DATA) return `method ${message?.method}`
      return `${message.xorPeer}: ${message.text(ATTRIBUTES.DATA)}`
    })
  }
}

/** The error code of an answer; 0: success; -1: no answer. */
export function codeOf(answer: Message | null): number {
  if (answer === null) return -1
  if (answer.class === CLASSES.SUCCESS) return 0
  const error = answer.errorCode
  return error === null || error === 'malformed' ? -2 : error.code
}

export function channelMessage(number: number, data: string, isPadded: boolean): Uint8Array {
  const text = new TextEncoder().encode(data)
  const length = isPadded ? (text.length + 3) & ~3 : text.length
  const bytes = new Uint8Array(4 + length)
  bytes.set([number >> 8, number & 255, text.length >> 8, text.length & 255])
  bytes.set(text, 4)
  return bytes
}

function frames(bytes: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = []
  let start = 0
  while (start + 4 <= bytes.length) {
    const length = ((bytes[start + 2] ?? 0) << 8) | (bytes[start + 3] ?? 0)
    const size = (bytes[start] ?? 0) >= 0x40 ? 4 + ((length + 3) & ~3) : 20 + length
    found.push(bytes.slice(start, start + size))
    start += size
  }
  if (start !== bytes.length) throw new Error('half a frame')
  return found
}
