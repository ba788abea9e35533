// A listening socket of what is tested, and those who came.
import { test } from 'bun:test'
import type { Listening, Socket, Sockets } from '../../../../server/sockets/socket.ts'
import { waitFor } from '../../../support/wait.ts'
import { Peer } from './peer.ts'
import { Recorder } from './recorder.ts'

/** What is tested. */
export interface Subject {
  readonly name: string
  readonly sockets: () => Sockets
  /** The kind, as a process of its own makes it (make-sockets.ts). */
  readonly kind: string
  /**
   * Bun's own sockets do not keep all of it: they may tell an end or a break while they are paused, and close
   * before all is read.
   */
  readonly isBun?: boolean
  /** What its kind does not promise: names of tests, and why each is left out. */
  readonly lacks?: Readonly<Record<string, string>>
}

/** `test` of a subject: what its kind does not promise is skipped, and says why. */
export const testOf =
  ({ lacks = {} }: Subject): ((name: string, run: () => Promise<void> | void, timeoutMs?: number) => void) =>
  (name, run, timeoutMs) =>
    name in lacks ? test.skip(`${name} (${lacks[name]})`, run) : test(name, run, timeoutMs)

export class Scene {
  readonly listening: Listening
  readonly accepted: Recorder[] = []
  readonly #peers: Peer[] = []
  /** Called for each that is accepted, within that event. */
  onAccepted: (recorder: Recorder, socket: Socket) => void = () => {}

  constructor({ sockets }: Subject, hostname = '127.0.0.1') {
    this.listening = sockets().listen({ hostname, port: 0 }, (socket) => {
      const recorder = new Recorder()
      recorder.socket = socket
      socket.owner = recorder
      this.accepted.push(recorder)
      this.onAccepted(recorder, socket)
    })
  }

  get port(): number {
    return this.listening.port
  }

  peer(host?: string, receiveBuffer?: number): Peer {
    const peer = Peer.connect(this.port, host, receiveBuffer)
    this.#peers.push(peer)
    return peer
  }

  /** A peer, and what accepted it. */
  async pair(receiveBuffer?: number): Promise<{ peer: Peer; owner: Recorder; socket: Socket }> {
    const before = this.accepted.length
    const peer = this.peer(undefined, receiveBuffer)
    const owner = await waitFor(() => this.accepted[before], { what: 'a connection to be accepted' })
    return { peer, owner, socket: owner.socket as Socket }
  }

  close(): void {
    this.listening.stop()
    for (const { socket } of this.accepted) socket?.terminate()
    for (const peer of this.#peers) peer.close()
  }
}

/** Runs a test on a scene of its own. */
export const onScene =
  (subject: Subject, run: (scene: Scene) => Promise<void>): (() => Promise<void>) =>
  async () => {
    const scene = new Scene(subject)
    try {
      await run(scene)
    } finally {
      scene.close()
    }
  }

/** Bytes that say where they stand: each three are different from all others nearby. */
export function pattern(length: number, seed = 0): Buffer {
  const bytes = Buffer.allocUnsafeSlow(length)
  for (let i = 0; i < length; i++) bytes[i] = (i * 167 + (i >> 8) * 13 + (i >> 16) * 7 + seed) & 255
  return bytes
}
