import { expect } from 'bun:test'
import { readdirSync } from 'node:fs'
import { tick } from '../../../../server/lib/clock.ts'
import { Wheel } from '../../../../server/lib/wheel.ts'
import { HEAD_BYTES } from '../../../../server/sockets/own-socket.ts'
import { type Pipe, pipes } from '../../../../server/sockets/pipes.ts'
import type { Dialler, Socket } from '../../../../server/sockets/socket.ts'
import { Splice } from '../../../../server/sockets/splice.ts'
import { seededRandom } from '../../../support/random.ts'
import { waitFor } from '../../../support/wait.ts'
import { Door, Peer } from './peer.ts'
import { onScene, pattern, type Subject, testOf } from './scene.ts'

const MB = 1_048_576
/** Of which all that is sent is a part, at places that can be computed. */
const PERIOD = 1 << 19
const source = Buffer.concat([pattern(PERIOD), pattern(PERIOD)])
const descriptors = (): number => readdirSync('/proc/self/fd').length

/** Someone who sends so much and checks what comes; each step does what can be done now. */
class Far {
  readonly peer: Peer
  sent = 0
  got = 0
  wrongAt = -1
  readonly #much: number

  constructor(peer: Peer, much: number) {
    this.peer = peer
    this.#much = much
  }

  /** Sends a piece of at most that many bytes; FIN behind the last. */
  send(most = PERIOD): number {
    const from = this.sent % PERIOD
    const count = this.peer.send(source.subarray(from, from + Math.min(most, PERIOD, this.#much - this.sent)))
    this.sent += count
    return count
  }

  /** Reads at most so much. */
  read(most = MB): number {
    const before = this.got
    this.peer.read(most)
    for (const bytes of this.peer.received.splice(0)) {
      const from = this.got % PERIOD
      if (this.wrongAt < 0 && !bytes.equals(source.subarray(from, from + bytes.length)))
        this.wrongAt = this.got
      this.got += bytes.length
    }
    return this.got - before
  }

  get isAllSent(): boolean {
    return this.sent === this.#much
  }
}

interface Tunnel {
  readonly splice: Splice
  readonly client: Far
  readonly server: Far
  readonly isGone: () => boolean
}

/** A way through two sockets of the kind that is tested, each end of it in the hands of the test. */
class Tunnels {
  readonly #door = new Door()
  readonly #wheel = new Wheel(tick)
  readonly #subject: Subject
  readonly #listening
  readonly #open: Peer[] = []
  #accepted: Socket[] = []

  constructor(subject: Subject) {
    this.#subject = subject
    this.#wheel.start()
    this.#listening = subject.sockets().listen({ hostname: '127.0.0.1', port: 0 }, (socket) => {
      socket.pause()
      this.#accepted.push(socket)
    })
  }

  async tunnel(much = 0): Promise<Tunnel> {
    const client = Peer.connect(this.#listening.port)
    const accepted = await waitFor(() => this.#accepted.pop(), { what: 'a connection' })
    let isGone = false
    const owner = { spliceGone: () => void (isGone = true) }
    const splice = new Splice({ wheel: this.#wheel, idleMs: 0, stallMs: 60_000, owner })
    splice.outer.attach(accepted)
    accepted.resume()
    const dialler = {
      onConnected: (socket: Socket) => splice.inner.attach(socket),
    } as Partial<Dialler> as Dialler
    this.#subject.sockets().dial('127.0.0.1', this.#door.port, dialler)
    const server = await this.#door.next()
    this.#open.push(client, server)
    return { splice, client: new Far(client, much), server: new Far(server, much), isGone: () => isGone }
  }

  /** One after the other, so that it is known who is joined to whom. */
  async several(count: number, much: number): Promise<Tunnel[]> {
    const all: Tunnel[] = []
    while (all.length < count) all.push(await this.tunnel(much))
    return all
  }

  close(): void {
    this.#wheel.stop()
    this.#listening.stop()
    this.#door.close()
    for (const peer of this.#open) peer.close()
  }
}

const withTunnels =
  (subject: Subject, run: (tunnels: Tunnels) => Promise<void>): (() => Promise<void>) =>
  async () => {
    const tunnels = new Tunnels(subject)
    try {
      await run(tunnels)
    } finally {
      tunnels.close()
    }
  }

const often = { everyMs: 0 }

export function testPouring(subject: Subject): void {
  const test = testOf(subject)
  test(
    '64 MB in both directions at once go through a splice byte for byte, with pauses',
    withTunnels(subject, async (tunnels) => {
      const { client, server, isGone } = await tunnels.tunnel(64 * MB)
      const random = seededRandom(7)
      const moving = { ...often, progress: () => client.sent + client.got + server.sent + server.got }
      await waitFor(() => {
        for (const far of [client, server]) {
          if (random.below(3) > 0) far.send(1 + random.below(PERIOD))
          if (random.below(3) > 0) far.read(1 + random.below(MB))
          if (far.isAllSent) far.peer.shutdown()
        }
        return client.peer.over !== 'no' && server.peer.over !== 'no'
      }, moving)
      for (const far of [client, server])
        expect([far.peer.over, far.got, far.wrongAt]).toEqual(['end', 64 * MB, -1])
      await waitFor(isGone)
    }),
  )

  for (const first of ['client', 'server', 'both'] as const)
    test(
      `an end behind much that came passes on behind it, and the other direction goes on: ${first}`,
      withTunnels(subject, async (tunnels) => {
        const { client, server, isGone } = await tunnels.tunnel(4 * MB)
        const [one, other] = first === 'server' ? [server, client] : [client, server]
        await waitFor(() => {
          one.send()
          if (first === 'both') other.send()
          else other.read()
          return one.isAllSent && (first !== 'both' || other.isAllSent || (one.read(), other.read(), false))
        }, often)
        one.peer.shutdown()
        if (first === 'both') other.peer.shutdown()
        await waitFor(() => (other.read(), other.peer.over !== 'no'), often)
        await waitFor(() => (other.send(), one.read(), other.isAllSent), often)
        other.peer.shutdown()
        await waitFor(() => (one.read(), one.peer.over !== 'no'), often)
        for (const far of [one, other])
          expect([far.peer.over, far.got, far.wrongAt]).toEqual(['end', 4 * MB, -1])
        await waitFor(isGone)
      }),
    )

  for (const reader of ['reads', 'does not read'] as const)
    for (const who of ['sends', 'receives'] as const)
      test(
        `a reset of who ${who} in the middle of much resets the other, who ${reader}`,
        withTunnels(subject, async (tunnels) => {
          const { client, server, isGone } = await tunnels.tunnel(1024 * MB)
          let still = 0
          await waitFor(() => {
            still = client.send() === 0 ? still + 1 : 0
            if (reader === 'reads') server.read()
            return reader === 'reads' ? server.got > 8 * MB : still > 50
          }, often)
          const [one, other] = who === 'sends' ? [client, server] : [server, client]
          one.peer.reset()
          if (who === 'sends') await waitFor(() => (other.read(), other.peer.over !== 'no'), often)
          else await waitFor(() => (other.read(), other.peer.over !== 'no'), often)
          expect([other.peer.over, server.wrongAt]).toEqual(['reset', -1])
          await waitFor(isGone)
        }),
      )

  test(
    'who does not read stops who sends: a pipe is what waits, and one direction does not stop the other',
    withTunnels(subject, async (tunnels) => {
      const all = await tunnels.several(8, 1024 * MB)
      const before = pipes.open - pipes.spare
      let still = 0
      await waitFor(() => {
        still = all.reduce((sum, { client }) => sum + client.send(), 0) === 0 ? still + 1 : 0
        return still > 50
      }, often)
      expect(pipes.open - pipes.spare - before).toBeLessThanOrEqual(all.length)
      const stopped = all.map(({ client }) => client.sent)
      await waitFor(() => {
        for (const { client, server } of all) {
          if (server.sent < 2 * MB) server.send(PERIOD)
          client.read()
        }
        return all.every(({ client }) => client.got >= 2 * MB)
      }, often)
      expect(all.map(({ client }) => client.sent)).toEqual(stopped)
      await waitFor(() => {
        for (const { client, server } of all) {
          server.read(50_000)
          if (client.sent < 48 * MB) client.send()
        }
        return all.every(({ client, server }) => client.sent >= 48 * MB && server.got === client.sent)
      }, often)
      expect(all.map(({ server }) => server.wrongAt)).toEqual(all.map(() => -1))
      expect(pipes.open - pipes.spare).toBe(before)
      for (const { splice } of all) splice.abort()
    }),
  )

  if (subject.isBun !== true)
    test(
      'behind what was poured as much is taken for what comes next: little of it is read with its head',
      onScene(subject, async (scene) => {
        const [from, to] = [await scene.pair(), await scene.pair()]
        const pieces: number[] = []
        let poured = 0
        const onPoured = (came: number): void => {
          poured += came
          if (poured + pieces.reduce((sum, count) => sum + count, 0) < 200_000) return
          pieces.length = 0
          from.socket.pour?.(null, 0, told)
        }
        const told = { onPoured }
        from.owner.on.data = (bytes) => void pieces.push(bytes.length)
        from.socket.pour?.(to.socket, 200_000, told)
        let sent = 0
        await waitFor(() => {
          sent += from.peer.send(source.subarray(sent, 200_000))
          to.peer.read()
          return sent === 200_000 && pieces.length === 0 && poured > 0
        }, often)
        expect(from.peer.send(source.subarray(0, 100_000))).toBe(100_000)
        const all = (): number => pieces.reduce((sum, count) => sum + count, 0)
        await waitFor(() => all() === 100_000, often)
        expect(pieces[0]).toBe(HEAD_BYTES)
        expect(Math.max(...pieces.slice(1))).toBeGreaterThan(HEAD_BYTES)
      }),
    )

  test(
    'where no pipe can be had all passes as ever',
    withTunnels(subject, async (tunnels) => {
      const taken: Pipe[] = []
      for (let pipe = pipes.take(); pipe !== null; pipe = pipes.take()) taken.push(pipe)
      try {
        const { client, server } = await tunnels.tunnel(16 * MB)
        await waitFor(() => (client.send(), server.read(), server.got === 16 * MB), often)
        expect(server.wrongAt).toBe(-1)
      } finally {
        for (const pipe of taken) pipes.give(pipe)
      }
    }),
  )

  test(
    '1,000 tunnels that end in all ways leave no descriptor and no pipe',
    withTunnels(subject, async (tunnels) => {
      pipes.closeSpare()
      const before = descriptors()
      for (let round = 0; round < 20; round++) {
        const all = await tunnels.several(50, MB)
        await waitFor(() => {
          for (const { client, server } of all) {
            client.send()
            if (round % 2 === 0) server.read(100_000)
          }
          return all.every(({ client }) => client.isAllSent || round % 2 === 1)
        }, often)
        for (const [i, { splice, client, server }] of all.entries()) {
          if (i % 4 === 0) client.peer.shutdown()
          else if (i % 4 === 1) client.peer.reset()
          else if (i % 4 === 2) server.peer.reset()
          else splice.abort()
          if (i % 4 === 0) server.peer.shutdown()
        }
        await waitFor(() => {
          for (const { client, server } of all)
            for (const far of [client, server]) if (far.peer.fd >= 0) far.read()
          return all.every(({ isGone }) => isGone())
        }, often)
        for (const { client, server } of all) for (const far of [client, server]) far.peer.close()
      }
      pipes.closeSpare()
      expect(pipes.open).toBe(0)
      await waitFor(() => descriptors() <= before)
    }),
  )
}
