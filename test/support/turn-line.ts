// A client of a TURN server that does what tests tell it, right or wrong: over UDP, TCP or TLS, one message
// at a time.
import type { Socket } from 'bun'
import * as stun from './stun.ts'
import { freshUdp, sendOn } from './udp.ts'
import { PATIENCE_MS, waitFor, type WaitOptions } from './wait.ts'

/** A lost datagram is sent again after this. */
const REPEAT_MS = 500

export interface Login {
  readonly user: string
  readonly password: string
}

export interface LineOptions {
  readonly transport?: 'udp' | 'tcp' | 'tls'
  readonly host?: string
  readonly port: number
  /** Address of this side. */
  readonly from?: string
  readonly login?: Login
}

/** What changes a request: attributes before MESSAGE-INTEGRITY, and, against the rules, behind it. */
export interface Edit {
  readonly before?: (message: stun.StunWriter) => void
  readonly after?: (message: stun.StunWriter) => void
}

export class TurnLine implements AsyncDisposable {
  /** Whole messages that nobody has taken yet. */
  readonly inbox: Buffer[] = []
  /** Bytes so far, in both directions. */
  sent = 0
  received = 0
  isClosed = false
  /** Of a stream: bytes are taken as they come, not as messages. For data connections once they are bound. */
  isRaw = false
  localPort = 0
  #rest: Buffer = Buffer.alloc(0)
  #write: (bytes: Buffer) => void = () => {}
  #end: () => void = () => {}
  /** Of a stream: stops and goes on reading. */
  pause: () => void = () => {}
  resume: () => void = () => {}
  realm = ''
  nonce: Buffer = Buffer.alloc(0)

  readonly isStream: boolean
  readonly login: Login

  private constructor(isStream: boolean, login: Login) {
    this.isStream = isStream
    this.login = login
  }

  static async open({
    transport = 'udp',
    host = '127.0.0.1',
    port,
    from,
    login = TEST_LOGIN,
  }: LineOptions): Promise<TurnLine> {
    const line = new TurnLine(transport !== 'udp', login)
    await (transport === 'udp'
      ? line.#openUdp(host, port, from ?? (host.includes(':') ? '::1' : '127.0.0.1'))
      : line.#openStream(host, port, transport === 'tls'))
    return line
  }

  async #openUdp(host: string, port: number, from: string): Promise<void> {
    const socket = await freshUdp(from, {
      data: (_socket, bytes) => this.#onMessage(Buffer.from(bytes)),
      error() {},
    })
    this.localPort = socket.port
    this.#write = (bytes) => sendOn(socket, bytes, port, host)
    this.#end = () => {
      if (!this.isClosed) socket.close()
      this.isClosed = true
    }
  }

  async #openStream(hostname: string, port: number, tls: boolean): Promise<void> {
    const unsent: Buffer[] = []
    const flush = (socket: Socket): void => {
      for (let next = unsent[0]; next !== undefined; next = unsent[0]) {
        const taken = Math.max(0, socket.write(next))
        if (taken < next.length) return void (unsent[0] = next.subarray(taken))
        unsent.shift()
      }
    }
    const { promise, resolve, reject } = Promise.withResolvers<Socket>()
    const opened = (socket: Socket): void => resolve(socket)
    // Bun.connect itself may be refused first.
    promise.catch(() => {})
    await Bun.connect({
      hostname,
      port,
      ...(tls && { tls: { rejectUnauthorized: false } }),
      socket: {
        ...(tls ? { handshake: opened } : { open: opened }),
        data: (_socket, bytes) => this.#onBytes(Buffer.from(bytes)),
        drain: flush,
        end: () => void (this.isClosed = true),
        close: () => void (this.isClosed = true),
        connectError: (_socket, problem) => reject(problem),
        error() {},
      },
    })
    const socket = await promise
    socket.setNoDelay(true)
    this.localPort = socket.localPort
    this.#write = (bytes) => {
      unsent.push(bytes)
      flush(socket)
    }
    this.#end = () => void socket.terminate()
    this.pause = () => void socket.pause()
    this.resume = () => void socket.resume()
  }

  /** Bytes as they are. */
  send(bytes: Buffer): void {
    this.sent += bytes.length
    this.#write(bytes)
  }

  /** Ends it at once: a stream by RST. */
  close(): void {
    this.#end()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  /** Takes the next message that this is true of. */
  next(is: (bytes: Buffer) => boolean = () => true, options: WaitOptions = {}): Promise<Buffer> {
    const look = (): Buffer | null => {
      const index = this.inbox.findIndex(is)
      if (index >= 0) return this.inbox.splice(index, 1)[0]!
      if (this.isStream && this.isClosed) throw new Error('The server has closed the connection.')
      return null
    }
    return waitFor(look, { what: 'a message of the TURN server', ...options })
  }

  /**
   * Sends a message and takes its answer. Over UDP it is repeated, as clients do: for as long as anything is
   * waited for, unless `repeats` says less.
   */
  async ask(
    message: stun.StunWriter,
    { repeats = PATIENCE_MS / REPEAT_MS }: { repeats?: number } = {},
  ): Promise<stun.Stun> {
    const isAnswer = (bytes: Buffer): boolean => stun.parseStun(bytes)?.id.equals(message.id) === true
    for (let turn = 1; ; turn++) {
      this.send(message.done())
      try {
        return stun.parseStun(await this.next(isAnswer, this.isStream ? {} : { forMs: REPEAT_MS }))!
      } catch (problem) {
        if (this.isStream || turn > repeats) throw problem
      }
    }
  }

  /** Has itself told realm and nonce. */
  async greet(): Promise<stun.Stun> {
    const answer = await this.ask(udpAllocate(new stun.StunWriter(stun.ALLOCATE)))
    this.#learn(answer)
    return answer
  }

  /** A request with credentials. */
  signed(type: number, { before, after }: Edit = {}): stun.StunWriter {
    const message = new stun.StunWriter(type)
    before?.(message)
    message.add(stun.USERNAME, this.login.user).add(stun.REALM, this.realm).add(stun.NONCE, this.nonce)
    message.integrity(stun.longTermKey(this.login.user, this.realm, this.login.password))
    after?.(message)
    return message
  }

  /** Sends a request with credentials, again when its nonce was stale, and takes the answer. */
  async request(type: number, edit: Edit = {}): Promise<stun.Stun> {
    if (this.realm === '') await this.greet()
    const answer = await this.ask(this.signed(type, edit))
    if (stun.errorCode(answer) !== 438) return answer
    this.#learn(answer)
    return this.ask(this.signed(type, edit))
  }

  /** Allocates UDP on IPv4 unless `before` says otherwise; the relayed address. */
  async allocate(edit: Edit = {}): Promise<{ host: string; port: number }> {
    const before = edit.before ?? udpAllocate
    const answer = await this.request(stun.ALLOCATE, { ...edit, before })
    const relayed = stun.addressOf(answer, stun.XOR_RELAYED_ADDRESS)
    if (relayed === null) throw new Error(`Allocate: ${stun.errorCode(answer)}`)
    return relayed
  }

  /** The code of the answer to CreatePermission for a peer; 0 for a success. */
  async permit(host: string, port = 0): Promise<number> {
    const before = (m: stun.StunWriter): unknown => m.xorAddress(stun.XOR_PEER_ADDRESS, host, port)
    return stun.errorCode(await this.request(stun.CREATE_PERMISSION, { before }))
  }

  /** The code of the answer to ChannelBind. */
  async bind(channel: number, host: string, port: number): Promise<number> {
    const before = (m: stun.StunWriter): unknown =>
      m.add(stun.CHANNEL_NUMBER, channel * 65_536).xorAddress(stun.XOR_PEER_ADDRESS, host, port)
    return stun.errorCode(await this.request(stun.CHANNEL_BIND, { before }))
  }

  /** Refreshes, with LIFETIME when it is given; the code, or 0 and the lifetime granted. */
  async refresh(lifetimeS?: number, after?: Edit['after']): Promise<{ code: number; lifetimeS: number }> {
    const before = (m: stun.StunWriter): unknown =>
      lifetimeS === undefined ? m : m.add(stun.LIFETIME, lifetimeS)
    const answer = await this.request(stun.REFRESH, { before, ...(after && { after }) })
    const granted = stun.valueOf(answer, stun.LIFETIME)
    return { code: stun.errorCode(answer), lifetimeS: granted?.readUInt32BE(0) ?? -1 }
  }

  #learn(answer: stun.Stun): void {
    this.realm = stun.valueOf(answer, stun.REALM)?.toString() ?? this.realm
    this.nonce = Buffer.from(stun.valueOf(answer, stun.NONCE) ?? this.nonce)
  }

  #onMessage(bytes: Buffer): void {
    this.received += bytes.length
    this.inbox.push(bytes)
  }

  #onBytes(bytes: Buffer): void {
    if (this.isRaw) return this.#onMessage(bytes)
    this.#rest = Buffer.concat([this.#rest, bytes])
    while (this.#rest.length >= 4) {
      const length = this.#rest.readUInt16BE(2)
      const whole = this.#rest[0]! < 0x40 ? 20 + length : (4 + length + 3) & ~3
      if (this.#rest.length < whole) return
      this.#onMessage(this.#rest.subarray(0, whole))
      this.#rest = this.#rest.subarray(whole)
    }
  }
}

/** What test servers call themselves, and whom they know. */
export const REALM = 'example.org'
export const TEST_LOGIN: Login = { user: 'test', password: 'test123' }

/** REQUESTED-TRANSPORT of a UDP allocation. */
export const udpAllocate = (message: stun.StunWriter): stun.StunWriter =>
  message.add(stun.REQUESTED_TRANSPORT, 17 << 24)

/** REQUESTED-TRANSPORT of a TCP allocation. */
export const tcpAllocate = (message: stun.StunWriter): stun.StunWriter =>
  message.add(stun.REQUESTED_TRANSPORT, 6 << 24)
