// A client of a STUN or TURN server (RFC 8489, RFC 8656, RFC 6062): asks, proves who it is, sends and
// receives through an allocation.
import { randomBytes } from 'node:crypto'
import type { Address } from '../../lib/address.ts'
import {
  CHANNEL_HEADER_BYTES,
  channelDataLength,
  channelOf,
  putChannelHeader,
} from '../../turn/bytes/channel-data.ts'
import { isChannelData } from '../../turn/bytes/frames.ts'
import { decodeMessage, type Message } from '../../turn/bytes/message.ts'
import {
  ATTRIBUTES,
  CLASSES,
  FAMILIES,
  METHODS,
  TRANSACTION_ID_BYTES,
  TRANSPORTS,
} from '../../turn/bytes/stun.ts'
import { MessageWriter } from '../../turn/bytes/writer.ts'
import { type Answer, answerOf } from './answer.ts'
import { type Challenge, type Login, type Proof, type ProofKind, prove, readChallenge } from './challenge.ts'
import type { Link, LinkFailure, LinkSink, LinkTarget } from './link.ts'
import { openLink } from './open-link.ts'
import { type Silence, Transactions } from './transactions.ts'

/** What a peer sent. */
export interface Arrival {
  /** Null: by channel. */
  readonly peer: Address | null
  readonly channel: number | null
  readonly bytes: Uint8Array
}

export interface ClientOptions {
  /** A request without an answer is given up after this long. */
  readonly timeoutMs: number
  readonly login?: Login | null
  readonly proofKind?: ProofKind
}

/** Adds the attributes of a request. */
export type Build = (writer: MessageWriter) => void

export class TurnClient {
  readonly #options: ClientOptions
  readonly #transactions = new Transactions()
  readonly #writer = new MessageWriter()
  #link: Link | null = null
  #challenge: Challenge | null = null
  /** What the server spoke that is neither STUN nor ChannelData: its first bytes. */
  foreign: Uint8Array | null = null
  /** Why the connection is gone, when it was not us. */
  gone: string | null = null
  login: Login | null
  /** Numbers that were asked for. */
  readonly channels = new Set<number>()
  /** Gets what peers send. */
  onArrival: (arrival: Arrival) => void = () => {}
  /** Gets every other message that answers nothing. */
  onOther: (bytes: Uint8Array) => void = () => {}

  private constructor(options: ClientOptions) {
    this.#options = options
    this.login = options.login ?? null
  }

  /** Opens the way to a server. Nothing is asked yet. */
  static async open(target: LinkTarget, options: ClientOptions): Promise<TurnClient | LinkFailure> {
    const client = new TurnClient(options)
    const link = await openLink(target, client.#sink(), options.timeoutMs)
    if ('failure' in link) return link
    client.#link = link
    return client
  }

  get link(): Link {
    if (this.#link === null) throw new Error('a client has its link from the start')
    return this.#link
  }

  /** What the server wants a proof with; null until it said so. */
  get challenge(): Challenge | null {
    return this.#challenge
  }

  // ── asking ──

  /** Sends a request without a proof. */
  async ask(method: number, build: Build = () => {}, timeoutMs?: number): Promise<Answer | Silence> {
    return this.#begin(method, build, null, timeoutMs)
  }

  /**
   * Sends a request with the proof that the server wants, once it has wanted one; again when the nonce was
   * stale.
   */
  async request(method: number, build: Build = () => {}): Promise<Answer | Silence> {
    for (let tries = 1; ; tries++) {
      const hadProof = this.login !== null && this.#challenge !== null
      const answer = await this.#begin(method, build, this.#challenge)
      if ('silence' in answer || this.login === null || tries === 3) return answer
      // RFC 8489 §9.2.5: a first 401 asks for the proof, a later one refuses it; 438 brings another nonce.
      const wantsAgain = answer.code === 438 || (answer.code === 401 && !hadProof)
      if (!wantsAgain || !this.learn(answer.message)) return answer
    }
  }

  /** Takes the challenge of an answer; false when it has none. */
  learn(message: Message): boolean {
    const challenge = readChallenge(message)
    if (challenge === null) return false
    this.#challenge = challenge
    return true
  }

  /** Sends bytes as they are, and waits for the answer with their transaction id. */
  async exchange(bytes: Uint8Array): Promise<Answer | Silence> {
    return this.#answerTo(bytes, null)
  }

  #begin(
    method: number,
    build: Build,
    challenge: Challenge | null,
    timeoutMs?: number,
  ): Promise<Answer | Silence> {
    const writer = this.#writer
    writer.begin(method, CLASSES.REQUEST, randomBytes(TRANSACTION_ID_BYTES))
    build(writer)
    const { login } = this
    const proof =
      challenge === null || login === null ? null : prove(writer, challenge, login, this.#options.proofKind)
    return this.#answerTo(writer.finish(), proof, timeoutMs)
  }

  async #answerTo(
    bytes: Uint8Array,
    proof: Proof | null,
    timeoutMs: number = this.#options.timeoutMs,
  ): Promise<Answer | Silence> {
    const reply = await this.#transactions.begin(this.link, bytes, timeoutMs)
    return 'silence' in reply ? reply : answerOf(reply, proof)
  }

  // ── what there is to ask ──

  binding(): Promise<Answer | Silence> {
    return this.ask(METHODS.BINDING)
  }

  /** Allocates a relayed address; `more` adds further attributes. */
  allocate({ family, relays = 'udp', more }: AllocateOptions = {}): Promise<Answer | Silence> {
    return this.request(METHODS.ALLOCATE, (writer) => {
      writer.first8(ATTRIBUTES.REQUESTED_TRANSPORT, TRANSPORTS[relays === 'tcp' ? 'TCP' : 'UDP'])
      if (family !== undefined)
        writer.first8(ATTRIBUTES.REQUESTED_ADDRESS_FAMILY, FAMILIES[family === 6 ? 'IPV6' : 'IPV4'])
      more?.(writer)
    })
  }

  /** Keeps the allocation for a time; 0 deletes it. */
  refresh(lifetimeS?: number): Promise<Answer | Silence> {
    return this.request(METHODS.REFRESH, (writer) => {
      if (lifetimeS !== undefined) writer.u32(ATTRIBUTES.LIFETIME, lifetimeS)
    })
  }

  permit(...peers: readonly Address[]): Promise<Answer | Silence> {
    return this.request(METHODS.CREATE_PERMISSION, (writer) => {
      for (const peer of peers) writer.address(ATTRIBUTES.XOR_PEER_ADDRESS, peer)
    })
  }

  bindChannel(channel: number, peer: Address): Promise<Answer | Silence> {
    this.channels.add(channel)
    return this.request(METHODS.CHANNEL_BIND, (writer) => {
      writer.first16(ATTRIBUTES.CHANNEL_NUMBER, channel).address(ATTRIBUTES.XOR_PEER_ADDRESS, peer)
    })
  }

  /** RFC 6062 §4.3: a connection to a peer; the answer has its CONNECTION-ID. */
  connect(peer: Address): Promise<Answer | Silence> {
    return this.request(METHODS.CONNECT, (writer) => writer.address(ATTRIBUTES.XOR_PEER_ADDRESS, peer))
  }

  /**
   * RFC 6062 §4.4: makes this connection carry the bytes of that one: all that follows the success comes to
   * onOther.
   */
  connectionBind(connectionId: number): Promise<Answer | Silence> {
    return this.request(METHODS.CONNECTION_BIND, (writer) =>
      writer.u32(ATTRIBUTES.CONNECTION_ID, connectionId),
    )
  }

  // ── sending ──

  /** A Send indication. */
  sendTo(peer: Address, bytes: Uint8Array, more?: Build): void {
    const writer = this.#writer
    writer.begin(METHODS.SEND, CLASSES.INDICATION, randomBytes(TRANSACTION_ID_BYTES))
    writer.address(ATTRIBUTES.XOR_PEER_ADDRESS, peer)
    more?.(writer)
    writer.bytes(ATTRIBUTES.DATA, bytes)
    this.link.send(writer.finish())
  }

  /** RFC 8656 §12.5: padded to four bytes on streams, bare in datagrams. */
  sendChannel(channel: number, bytes: Uint8Array): void {
    const isStream = this.link.transport !== 'udp'
    const message = new Uint8Array(CHANNEL_HEADER_BYTES + (isStream ? (bytes.length + 3) & ~3 : bytes.length))
    message.set(bytes, CHANNEL_HEADER_BYTES)
    putChannelHeader(message, CHANNEL_HEADER_BYTES, bytes.length, channel)
    this.link.send(message)
  }

  /** Bytes as they are. */
  raw(bytes: Uint8Array): boolean {
    return this.link.send(bytes)
  }

  close(): void {
    this.#transactions.fail('closed', 'closed by us')
    this.link.close()
  }

  // ── receiving ──

  #sink(): LinkSink {
    return {
      onMessage: (bytes) => this.#onMessage(bytes),
      isChannel: (channel) => this.channels.has(channel),
      onForeign: (bytes) => {
        this.foreign = bytes
        this.#transactions.fail('foreign', 'the answer is neither STUN nor ChannelData')
      },
      onRefused: (why) => this.#transactions.fail('refused', why),
      onClose: (why) => {
        this.gone = why
        this.#transactions.fail('closed', why)
      },
    }
  }

  #onMessage(bytes: Uint8Array): void {
    if (bytes.length >= CHANNEL_HEADER_BYTES && isChannelData(bytes, 0)) return this.#onChannelData(bytes)
    const message = decodeMessage(bytes, 0, bytes.length)
    if (message === null) return this.onOther(bytes)
    if (this.#transactions.take(bytes)) return this.#onAnswered(message)
    if (message.method !== METHODS.DATA || message.class !== CLASSES.INDICATION) return this.onOther(bytes)
    const { xorPeer } = message
    const data = message.value(ATTRIBUTES.DATA)
    if (xorPeer === null || xorPeer === 'malformed' || data === null) return this.onOther(bytes)
    this.onArrival({ peer: xorPeer, channel: null, bytes: data.slice() })
  }

  // What follows in the same segment is the peer's already.
  #onAnswered(message: Message): void {
    if (message.method === METHODS.CONNECTION_BIND && message.class === CLASSES.SUCCESS)
      this.#link?.becomeRaw()
  }

  #onChannelData(bytes: Uint8Array): void {
    const length = channelDataLength(bytes, 0, bytes.length)
    if (length < 0) return this.onOther(bytes)
    const data = bytes.slice(CHANNEL_HEADER_BYTES, CHANNEL_HEADER_BYTES + length)
    this.onArrival({ peer: null, channel: channelOf(bytes, 0), bytes: data })
  }
}

export interface AllocateOptions {
  readonly family?: 4 | 6
  readonly relays?: 'udp' | 'tcp'
  readonly more?: Build
}

/** REQUESTED-TRANSPORT of an allocation that relays UDP. */
export const askForUdp: Build = (writer) => void writer.first8(ATTRIBUTES.REQUESTED_TRANSPORT, TRANSPORTS.UDP)
