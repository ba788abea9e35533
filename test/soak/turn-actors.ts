// Clients of the TURN soak: each comes, relays, checks what comes back, and leaves in one way or another.
import type { Random } from '../support/random.ts'
import * as stun from '../support/stun.ts'
import { type LineOptions, type Login, TurnLine, tcpAllocate, udpAllocate } from '../support/turn-line.ts'
import { type TurnServer } from '../support/turn.ts'
import { pause, waitFor } from '../support/wait.ts'

export interface Stage {
  readonly server: TurnServer
  /** Echoes datagrams. */
  readonly udpEcho: { readonly port: number }
  /** Echoes streams. */
  readonly tcpEcho: { readonly port: number }
  readonly random: Random
  /** Whether clients over UDP may be gone without a word: their allocations stay for a minute. */
  readonly mayVanish: boolean
}

/** One client's life. Throws when something is not as it should be. */
export type Actor = (stage: Stage) => Promise<void>

export const SECRET = 's3cr3t'

/** Datagrams through a channel and by indications, over any transport. */
export const relays: Actor = async (stage) => {
  const { random, udpEcho } = stage
  const transport = random.pick(['udp', 'tcp', 'tls'] as const)
  const line = await allocated(
    { ...listener(stage, transport), transport },
    random.pick([udpAllocate, evenPort, dual]),
  )
  try {
    const channel = 0x4000 + random.below(0x1000)
    expectCode(await line.bind(channel, '127.0.0.1', udpEcho.port), 0, 'ChannelBind')
    for (let i = random.below(20); i >= 0; i--) await echoed(line, channel, stage)
    if (random.below(3) === 0) expectCode((await line.refresh(1200)).code, 0, 'Refresh')
    await leave(line, stage)
  } finally {
    line.close()
  }
}

const evenPort = (m: stun.StunWriter): stun.StunWriter => udpAllocate(m).add(stun.EVEN_PORT, Uint8Array.of(0))
/** ADDITIONAL-ADDRESS-FAMILY: IPv6 too. */
const dual = (m: stun.StunWriter): stun.StunWriter => udpAllocate(m).add(0x8000, Uint8Array.of(2, 0, 0, 0))

/** The same with time-limited credentials, some of which are too late. */
export const expires: Actor = async (stage) => {
  const { random } = stage
  const isLate = random.below(4) === 0
  const user = `${Math.floor(Date.now() / 1000) + (isLate ? -5 : 60)}:user${random.below(50)}`
  const login: Login = { user, password: stun.restPassword(SECRET, user) }
  await using line = await TurnLine.open({ port: stage.server.port('rest'), login })
  const answer = await line.request(stun.ALLOCATE, { before: udpAllocate })
  expectCode(stun.errorCode(answer), isLate ? 401 : 0, 'Allocate')
  if (!isLate) expectCode((await line.refresh(0)).code, 0, 'Refresh')
}

/** A client that moves to another port a few times. */
export const moves: Actor = async ({ server, random, mayVanish }) => {
  const at = { port: server.port('main') }
  let ticket: Buffer = Buffer.alloc(0)
  const keep = (answer: stun.Stun): void =>
    void (ticket = Buffer.from(stun.valueOf(answer, stun.MOBILITY_TICKET)!))
  let line = await allocated(at, (m) => udpAllocate(m).add(stun.MOBILITY_TICKET, ''), keep)
  try {
    for (let i = random.below(4); i >= 0; i--) {
      const next = await TurnLine.open(at)
      const moved = await next.request(stun.REFRESH, { before: (m) => m.add(stun.MOBILITY_TICKET, ticket) })
      const code = stun.errorCode(moved)
      if (code === 437 && mayVanish) {
        // Its port was that of somebody who vanished: it stays where it is.
        next.close()
        continue
      }
      line.close()
      line = next
      expectCode(code, 0, 'Refresh with a ticket')
      keep(moved)
    }
    expectCode((await line.refresh(0)).code, 0, 'Refresh')
  } finally {
    line.close()
  }
}

/** A TCP allocation (RFC 6062): connects to the peer, sends, and hangs up on one side or the other. */
export const connects: Actor = async (stage) => {
  const { server, tcpEcho, random } = stage
  const line = await allocated({ port: server.port('main'), transport: 'tcp' }, tcpAllocate)
  try {
    const answer = await line.request(stun.CONNECT, {
      before: (m) => m.xorAddress(stun.XOR_PEER_ADDRESS, '127.0.0.1', tcpEcho.port),
    })
    expectCode(stun.errorCode(answer), 0, 'Connect')
    // A quarter is never bound.
    if (random.below(4) > 0) await bindAndEcho(Buffer.from(stun.valueOf(answer, stun.CONNECTION_ID)!), stage)
    if (random.below(2) === 0) expectCode((await line.refresh(0)).code, 0, 'Refresh')
  } finally {
    line.close()
  }
}

/** On a connection of its own, so with a nonce of its own. */
async function bindAndEcho(id: Buffer, { server, random }: Stage): Promise<void> {
  await using line = await TurnLine.open({ port: server.port('main'), transport: 'tcp' })
  const answer = await line.request(stun.CONNECTION_BIND, { before: (m) => m.add(stun.CONNECTION_ID, id) })
  expectCode(stun.errorCode(answer), 0, 'ConnectionBind')
  line.isRaw = true
  const data = Buffer.from(random.bytes(1 + random.below(30_000)))
  line.send(data)
  const received = (): Buffer => Buffer.concat(line.inbox)
  await waitFor(() => received().length >= data.length, { what: 'bytes through a data connection' })
  if (!received().equals(data)) throw new Error('Other bytes came back than were sent.')
}

/** Noise: what nobody should send, and halves of what one should. */
export const disturbs: Actor = async (stage) => {
  const { random } = stage
  const transport = random.pick(['udp', 'tcp', 'tls'] as const)
  await using line = await TurnLine.open({ ...listener(stage, transport), transport })
  if (random.below(2) === 0) line.send(Buffer.from(random.bytes(1 + random.below(400))))
  else
    line.send(
      udpAllocate(new stun.StunWriter(stun.ALLOCATE))
        .done()
        .subarray(0, 1 + random.below(27)),
    )
  await pause(random.below(20))
}

/** A client with an allocation. Who was given the port of one that vanished comes again by another. */
async function allocated(
  at: LineOptions,
  before: (message: stun.StunWriter) => unknown = udpAllocate,
  onAnswer: (answer: stun.Stun) => void = () => {},
): Promise<TurnLine> {
  for (;;) {
    const line = await TurnLine.open(at)
    const answer = await line.request(stun.ALLOCATE, { before })
    const code = stun.errorCode(answer)
    if (code === 0) {
      onAnswer(answer)
      return line
    }
    line.close()
    if (code !== 437 || line.isStream) throw new Error(`Allocate: ${code}`)
  }
}

function listener({ server }: Stage, transport: 'udp' | 'tcp' | 'tls'): LineOptions {
  return { port: transport === 'tls' ? server.tlsPort('main') : server.port('main') }
}

/**
 * A datagram to the echo and back, by a channel or by an indication that goes back by the channel. Lost ones
 * are sent again.
 */
async function echoed(line: TurnLine, channel: number, { random, udpEcho }: Stage): Promise<void> {
  const data = Buffer.from(random.bytes(random.below(1200)))
  const frame = stun.channelData(channel, data)
  const request =
    random.below(3) > 0
      ? frame
      : new stun.StunWriter(stun.SEND)
          .xorAddress(stun.XOR_PEER_ADDRESS, '127.0.0.1', udpEcho.port)
          .add(stun.DATA_ATTRIBUTE, data)
          .done()
  const isEcho = (bytes: Buffer): boolean =>
    bytes.subarray(0, 4 + data.length).equals(frame.subarray(0, 4 + data.length))
  for (let turn = 1; ; turn++) {
    line.send(request)
    try {
      return void (await line.next(isEcho, { forMs: line.isStream ? 5000 : 1000 }))
    } catch (problem) {
      if (turn === 5 || line.isStream) throw problem
    }
  }
}

/** In order, by hanging up, or, over UDP, without a word. */
async function leave(line: TurnLine, { random, mayVanish }: Stage): Promise<void> {
  const isSilent = line.isStream ? random.below(2) === 0 : mayVanish && random.below(5) === 0
  if (isSilent) return
  expectCode((await line.refresh(0)).code, 0, 'Refresh')
}

function expectCode(code: number, wanted: number, what: string): void {
  if (code !== wanted) throw new Error(`${what}: ${code}`)
}
