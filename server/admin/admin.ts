// The admin listener: the door of the admin API by TCP.
import { parseBind, writeBind } from '../lib/bind.ts'
import { portHolder } from '../lib/port-holder.ts'
import type { Shell } from './shell.ts'

export interface AdminOptions {
  /** `host:port`; port 0 takes a free one. */
  readonly bind: string
  readonly shell: Pick<Shell, 'answer'>
}

/** An admin listener that is open. */
export interface Admin {
  /** `host:port` as it really is. */
  readonly address: string
  readonly port: number
  stop(): void
}

export interface AdminProblem {
  /** Of the system, such as EADDRINUSE; null when it gave none. */
  readonly code: string | null
  readonly problem: string
}

/**
 * Slower readers are cut off. Bun's timeouts run on ticks of four seconds: below eight they hit requests that
 * go on.
 */
const IDLE_S = 10
/** A config file, and a little more: then the answer can say that it is too large. */
const BODY_BYTES_MAX = 17 * 1024 * 1024

/** Opens the admin listener; a problem when it cannot listen. */
export function startAdmin({ bind, shell }: AdminOptions): Admin | AdminProblem {
  const { host, port } = parseBind(bind)
  try {
    const server = Bun.serve({
      hostname: host,
      port,
      idleTimeout: IDLE_S,
      maxRequestBodySize: BODY_BYTES_MAX,
      development: false,
      // Said aloud: without it `development: false` makes Bun 1.4.5 share a port that another program listens
      // on.
      reusePort: false,
      fetch: (request, serving) => {
        const address = serving.requestIP(request)?.address ?? ''
        const caller = { door: 'tcp', address, uids: [], isSecure: false } as const
        return shell.answer({ request, server: serving, caller, host })
      },
    })
    const openPort = server.port ?? port
    return { address: writeBind(host, openPort), port: openPort, stop: () => void server.stop(true) }
  } catch (error) {
    return problemOf(bind, error)
  }
}

function problemOf(bind: string, error: unknown): AdminProblem {
  const code = error instanceof Error && 'code' in error ? String(error.code) : null
  const holder = code === 'EADDRINUSE' ? portHolder(parseBind(bind).port) : null
  const why = code === 'EADDRINUSE' ? `${holder?.name ?? 'another program'} has this port` : String(error)
  return { code, problem: `cannot listen on ${bind}: ${why}` }
}
