// The server's end of an upload that its server does not take to the end, on a socket that is played.
import { beforeEach, describe, expect, test } from 'bun:test'
import type { ServerEvents } from '../../../server/http/ends.ts'
import type { Endpoint } from '../../../server/http1/endpoint.ts'
import { Outbound } from '../../../server/http1/outbound.ts'
import { bufferedBytes } from '../../../server/lib/buffers.ts'
import { Recent } from '../../../server/lib/recent.ts'
import { flush } from '../../../server/lib/stage.ts'
import { Wheel } from '../../../server/lib/wheel.ts'
import type { Socket } from '../../../server/sockets/socket.ts'
import { ANSWER_LIMITS } from '../head/heads.ts'

const BODY = Buffer.alloc(100_000, 'upload ')
const HEAD = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n')

/** Takes so many bytes and no more; `calls`: what else was asked of it. */
function playedSocket(takes: number): { socket: Socket; calls: string[]; takes: number } {
  const played = { socket: null as unknown as Socket, calls: [] as string[], takes }
  const write = (_bytes: Buffer, from: number, to: number): number => {
    const taken = Math.min(played.takes, to - from)
    played.takes -= taken
    return taken
  }
  const note = (name: string) => (): void => void played.calls.push(name)
  played.socket = {
    write,
    pause: note('pause'),
    resume: note('resume'),
    expectVolume() {},
    dropPoured: note('dropPoured'),
    shutdown: note('shutdown'),
    terminate: note('terminate'),
    mayHoldMore: false,
    isQuiet: true,
    fd: -1,
  } as unknown as Socket
  return played
}

function endpointOf(): Endpoint {
  const live = {
    idle: new Recent(),
    open: 0,
    keepAliveMs: 30_000,
    addressAt: 0,
    isRetired: false,
    surplus: 0,
  }
  const timeouts = { connect: 1000, response: 1000, idle: 1000, stream: 1000 }
  return { timeouts, answers: ANSWER_LIMITS, poolSize: 8, live, onBehalf: null } as unknown as Endpoint
}

let endpoint: Endpoint
let ends = 0
beforeEach(() => {
  endpoint = endpointOf()
  ends = 0
})

/** A connection that stands, asked with a body of which its socket takes so much. */
function asked(takes: number): { conn: Outbound; played: ReturnType<typeof playedSocket> } {
  const played = playedSocket(takes)
  const conn = new Outbound(endpoint, new Wheel(() => 0), { serverOpen() {}, serverGone() {} })
  conn.onConnected(played.socket)
  conn.take({
    serverAnswer() {},
    serverBody() {},
    serverDrained() {},
    serverEnd: () => void ends++,
  } as unknown as ServerEvents)
  conn.begin(false, [])
  conn.write(BODY, 0, BODY.length)
  return { conn, played }
}

/** Its answer comes and ends, and it is finished. */
function answered(conn: Outbound): void {
  conn.onData(Buffer.from('ok'))
  flush()
  expect(ends).toBe(1)
  conn.finish()
  flush()
}

describe('a connection whose answer is whole', () => {
  test('serves on where all of its request was taken', () => {
    const { conn, played } = asked(BODY.length)
    conn.requestEnd(null)
    conn.onData(HEAD)
    answered(conn)
    expect([conn.place, endpoint.live.idle.length, played.calls]).toEqual(['idle', 1, []])
    conn.drop()
  })

  test('ends where the rest of its request was dropped, whether or not its client had sent that', () => {
    for (const wasSent of [true, false]) {
      ends = 0
      const { conn, played } = asked(40_000)
      if (wasSent) conn.requestEnd(null)
      conn.onData(HEAD)
      expect(bufferedBytes()).toBe(60_000)
      conn.stopUpload()
      expect([bufferedBytes(), conn.isOpen, played.calls]).toEqual([0, false, ['dropPoured']])
      conn.write(BODY, 0, BODY.length)
      conn.requestEnd(null)
      expect(bufferedBytes()).toBe(0)
      answered(conn)
      expect([endpoint.live.idle.length, played.calls.at(-1)]).toEqual([0, 'terminate'])
    }
  })

  test('counts what waits past it as what waits with it', () => {
    const { conn } = asked(BODY.length)
    conn.pouredInto(300_000, 100_000)
    expect([conn.waitingBytes, bufferedBytes()]).toEqual([200_000, 200_000])
    conn.requestEnd(null)
    conn.onData(HEAD)
    conn.stopUpload()
    expect([conn.waitingBytes, bufferedBytes()]).toEqual([0, 0])
    answered(conn)
    expect(endpoint.live.idle.length).toBe(0)
  })
})
