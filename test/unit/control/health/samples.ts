// Servers that a check may meet, on real sockets, and checks of them.
import type { Socket } from 'bun'
import { newProbe, type ServerCheck } from '../../../../server/control/health/probe.ts'
import { Suspects } from '../../../../server/lib/address-race.ts'
import { freePort } from '../../../support/kernel.ts'
import { within } from '../../../support/wait.ts'
import { healthCheck } from './checks.ts'

interface Sample {
  readonly port: number
  /** All that was received. */
  received: string
  accepted: number
  open: number
  stop(): void
}

const samples: Sample[] = []
/** Stops all samples of a test. */
export function stopSamples(): void {
  for (const one of samples.splice(0)) one.stop()
}

type Script = (socket: Socket<undefined>, received: string) => void

/**
 * A server that runs the script when a whole request head has come; `greeting` runs when a connection opens.
 */
export function sample(script: Script, greeting: (socket: Socket<undefined>) => void = () => {}): Sample {
  const listener = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    allowHalfOpen: true,
    socket: {
      open(socket: Socket<undefined>) {
        made.accepted++
        made.open++
        greeting(socket)
      },
      data(socket: Socket<undefined>, bytes) {
        made.received += bytes.toString('latin1')
        if (made.received.endsWith('\r\n\r\n')) script(socket, made.received)
      },
      end: (socket: Socket<undefined>) => void socket.shutdown(),
      close: () => void made.open--,
    },
  })
  const made: Sample = {
    port: listener.port,
    received: '',
    accepted: 0,
    open: 0,
    stop: () => listener.stop(true),
  }
  samples.push(made)
  return made
}

/**
 * A server that answers with these bytes, each piece in a segment of its own, and then closes unless told
 * otherwise.
 */
export function answering(...pieces: string[]): Sample {
  return sample((socket) => {
    for (const piece of pieces) {
      socket.write(piece)
      socket.flush()
    }
    socket.shutdown()
  })
}
/** The same, but the connection stays open. */
export const staying = (...pieces: string[]): Sample =>
  sample((socket) => pieces.forEach((piece) => socket.write(piece)))

/** A resolver that a test makes up. */
export type Lookup = (host: string, done: (addresses: readonly string[], why: string | null) => void) => void
interface Where {
  readonly host?: string
  readonly port: number
  readonly lookup?: Lookup
  readonly suspects?: Suspects
}

/** How a check of the server ends. */
export function check(where: Where, change: Partial<ServerCheck> = {}): Promise<string | null> {
  const {
    host = '127.0.0.1',
    port,
    lookup = (name, done) => done([name], null),
    suspects = new Suspects(),
  } = where
  const target = { host, port, authority: `${host}:${port}`, check: healthCheck(change) }
  const ended = new Promise<string | null>((resolve) => {
    newProbe({ lookup }, suspects)(target, resolve)
  })
  return within(ended, 'the end of the check')
}

/** A change of what a check expects. */
export const expecting = (change: Partial<ServerCheck['expect']>): Partial<ServerCheck> => ({
  expect: { status: [], data_limit: 4096, body_limit: 65_536, ...change },
})

/** A port that nobody listens on. */
export const closedPort = freePort
