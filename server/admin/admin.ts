// The admin listener: the door of the admin API by TCP.
import { linkSync, renameSync, statSync, unlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseBind, unixPathOf, writeBind } from '../lib/bind.ts'
import { GivesWay, type Scarcity } from './gives-way.ts'
import { BY_UNIX } from './guard.ts'
import { adoptListening, listeningFds } from '../lib/adopt-listening.ts'
import { listeningPaths } from '../lib/unix-sockets.ts'
import { portHolder } from '../lib/port-holder.ts'
import { brokenAnswer } from './problem.ts'
import type { Shell } from './shell.ts'

export interface AdminOptions {
  /** `host:port`; port 0 takes a free one. Or `unix:/path`, for this user alone. */
  readonly bind: string
  /** PEM; null: no TLS. */
  readonly tls?: { readonly cert: string; readonly key: string } | null
  readonly shell: Pick<Shell, 'answer'>
  /** A socket that listens there already, to be kept; null: there is none (any more). */
  readonly handed?: () => number | null
  /** Who asks at such a socket before that is answered then: another gateway has just answered there. */
  readonly served?: Promise<void>
  /** Default: the descriptors of this process. */
  readonly scarcity?: Scarcity
}

/** An admin listener that is open. */
export interface Admin {
  /** `host:port` as it really is. */
  readonly address: string
  readonly port: number
  /** Ends all that is under way. */
  stop(): void
  /** Takes nothing new. */
  close(): void
  /** Ends all that came by it; another process has its address. */
  leave?(): void
  /** What requests that come by it have as their server. */
  readonly server: unknown
  /** Called every few seconds: it makes way when descriptors run short. */
  look?(): void
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
/** Each route says how much it takes, and no more is read: what Bun refuses it refuses without a reason. */
const BODY_BYTES_MAX = Number.MAX_SAFE_INTEGER

/** Opens the admin listener; a problem when it cannot listen. */
export function startAdmin(options: AdminOptions): Admin | AdminProblem {
  const { bind, shell, tls = null, scarcity = {} } = options
  let waitsFor: Promise<void> | null = null
  const handed = (): number | null => {
    const fd = options.handed?.() ?? null
    if (fd !== null) waitsFor = options.served ?? null
    return fd
  }
  const path = unixPathOf(bind)
  const { host, port } = parseBind(bind)
  const common = {
    idleTimeout: IDLE_S,
    maxRequestBodySize: BODY_BYTES_MAX,
    development: false,
    ...(tls !== null && { tls: { cert: tls.cert, key: tls.key } }),
    error: brokenAnswer,
    fetch: (request: Request, serving: Bun.Server<undefined>) => {
      const address = path === null ? (serving.requestIP(request)?.address ?? '') : BY_UNIX
      const caller = { door: 'tcp', address, uids: [], isSecure: tls !== null } as const
      const came = { request, server: serving, caller, host }
      return waitsFor === null ? shell.answer(came) : waitsFor.then(() => shell.answer(came))
    },
  }
  try {
    if (path !== null) return startUnix(path, common, handed)
    return startTcp({ host, port, scarcity, handed }, common)
  } catch (error) {
    return problemOf(bind, error)
  }
}

type Common = Pick<Bun.Serve.HostnamePortServeOptions<undefined>, 'idleTimeout' | 'tls'> & {
  readonly fetch: (request: Request, server: Bun.Server<undefined>) => Promise<Response>
}

interface TcpDoor {
  readonly host: string
  readonly port: number
  readonly scarcity: Scarcity
  readonly handed: () => number | null
}

function startTcp({ host, port, scarcity, handed }: TcpDoor, common: Common): Admin {
  // reusePort said aloud: without it `development: false` makes Bun 1.4.5 share a port that another program
  // listens on.
  const listen = (at: number) => {
    const fd = handed()
    if (fd !== null) return serveOn(fd, common)
    return Bun.serve({ ...common, hostname: host, port: at, reusePort: false })
  }
  let server = listen(port)
  const openPort = server.port ?? port
  const address = writeBind(host, openPort)
  let isStopped = false
  const close = (isNow: boolean): void => {
    isStopped = true
    void server.stop(isNow)
  }
  const door = {
    close: () => void server.stop(),
    end: () => void server.stop(true),
    open: () => {
      server = listen(openPort)
    },
  }
  const way = new GivesWay({ door, address, port: openPort, ...scarcity })
  return {
    ...{ address, port: openPort },
    get server() {
      return server
    },
    stop: () => close(true),
    close: () => close(false),
    look: () => isStopped || way.look(),
  }
}

/** A socket that was left behind by a gateway that was killed makes way; one that is in use does not. */
function startUnix(path: string, common: Common, handed: () => number | null): Admin {
  const fd = handed()
  if (fd !== null) return unixAdmin(path, serveOn(fd, common))
  const there = statSync(path, { throwIfNoEntry: false })
  if (there !== undefined && !there.isSocket()) throw new Error(`there is a file that is no socket`)
  if (there !== undefined && listeningPaths().includes(path))
    throw Object.assign(new Error('it is in use'), { code: 'EADDRINUSE' })
  if (there !== undefined) unlinkSync(path)
  const mask = process.umask(0o177)
  try {
    return unixAdmin(path, Bun.serve({ ...common, unix: path } as Parameters<typeof Bun.serve>[0]))
  } finally {
    process.umask(mask)
  }
}

function unixAdmin(path: string, server: Bun.Server<undefined>): Admin {
  const ino = statSync(path, { throwIfNoEntry: false })?.ino
  const end = (isNow: boolean): void => {
    void server.stop(isNow)
    // Another one may have its name by now.
    if (ino !== undefined && statSync(path, { throwIfNoEntry: false })?.ino === ino) unlinkSync(path)
  }
  const leave = (): void => {
    // Bun takes the name away as it stops.
    const aside = join(dirname(path), `.a${process.pid}`)
    linkSync(path, aside)
    void server.stop(true)
    renameSync(aside, path)
  }
  return {
    ...{ address: `unix:${path}`, port: 0, server },
    ...{ stop: () => end(true), close: () => end(false), leave },
  }
}

/** On a socket that listens already, in the place of one that Bun opens for itself alone. */
function serveOn(fd: number, common: Common): Bun.Server<undefined> {
  const before = listeningFds()
  const server = Bun.serve({ ...common, hostname: '127.0.0.1', port: 0, reusePort: false })
  try {
    adoptListening(
      fd,
      [...listeningFds()].filter(([own, inode]) => before.get(own) !== inode).map(([own]) => own),
    )
    return server
  } catch (error) {
    void server.stop(true)
    throw error
  }
}

function problemOf(bind: string, error: unknown): AdminProblem {
  const code = error instanceof Error && 'code' in error ? String(error.code) : null
  const holder = code === 'EADDRINUSE' && unixPathOf(bind) === null ? portHolder(parseBind(bind).port) : null
  const why = code === 'EADDRINUSE' ? `${holder?.name ?? 'another program'} has this port` : String(error)
  return { code, problem: `cannot listen on ${bind}: ${why}` }
}
