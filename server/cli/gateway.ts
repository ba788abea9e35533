// Finding a running gateway by its config file, and asking it. The file itself is not needed: it may have
// been broken, refused or removed since the gateway read it. Its control socket is named after the file's
// path, and stands where the gateway's `data` was when it started.
import { existsSync, realpathSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { DEFAULT_FILES, whyNoFile } from './config-file.ts'
import type { Io } from './io.ts'
import { leftBehindText } from './left-behind.ts'
import { DEFAULT_URL, type Seen, seenInTime } from './seen-gateway.ts'
import { codeOf, isTimeout, openWay, placeOf, type Way, whyNot } from './way.ts'

const TIMEOUT_MS = 5000

export interface Gateway {
  /** The command that asks. */
  readonly command: string
  /** In the order in which they are tried. */
  readonly ways: readonly Way[]
  /** Its control sockets as they are by now: one gateway may have handed over to another. */
  readonly again?: () => readonly Way[]
  /** Said when nobody answers by any of them. */
  readonly whenNone: string
  /** Said when one answers that may be another: by what it would be known; nothing: that `whenNone`. */
  readonly whenUnsure?: string
  /** One that this user may not ask; null: none was seen. */
  readonly closed: string | null
  /** It was named by the URL of its admin listener, which then answers all that is asked. */
  readonly isRemote: boolean
  /** Workers that serve on although nobody is there to be asked. */
  readonly orphans?: readonly number[]
}

/** How the gateway with this config file is asked; `named` null: with one of the default ones. */
export function findGateway(command: string, named: string | null, io: Io): Gateway {
  const files = (named === null ? DEFAULT_FILES : [named]).flatMap((file) => namesOf(resolve(io.cwd, file)))
  const seen = seenInTime(files)
  const again = (): readonly Way[] => socketsOf(seenInTime(files))
  const urls = [...new Set(seen.flatMap((one) => one.urls))]
  const isNothingThere = named === null && !files.some((file) => existsSync(file))
  const ways = [
    ...socketsOf(seen),
    ...(isNothingThere ? [DEFAULT_URL] : urls).map((url): Way => ({ url, isFound: true })),
  ]
  const closed = seen.flatMap(({ closed: path }) => path ?? [])[0] ?? null
  const orphans = seen.flatMap(({ left }) => left?.workers ?? [])
  const none = whenNone(named, files, seen, io)
  const file = files.find((path) => existsSync(path))
  const isKnown = seen.some(({ pid, left }) => pid !== null || left !== null)
  // It may well run: nothing is seen of one where the folder "data" cannot be written to.
  const whenUnsure =
    isKnown || file === undefined ? none : `no control socket of this config (${file}) is open`
  return { command, ways, again, closed, whenNone: none, whenUnsure, isRemote: false, orphans }
}

const socketsOf = (seen: readonly Seen[]): readonly Way[] =>
  seen.flatMap(({ sockets }) => sockets.map((path) => ({ unix: path })))

/** A gateway may have been started in a folder that the name leads to by a link. */
function namesOf(file: string): string[] {
  try {
    return [...new Set([file, join(realpathSync(dirname(file)), basename(file))])]
  } catch {
    return [file]
  }
}

function whenNone(named: string | null, files: readonly string[], seen: readonly Seen[], io: Io): string {
  const pid = seen.flatMap((one) => one.pid ?? [])[0]
  if (pid !== undefined)
    return `a gateway runs with this config (process ${pid}), but its control socket is not open`
  const [file = ''] = files
  const at = seen.findIndex(({ left }) => left !== null)
  const left = seen[at]?.left ?? null
  if (left !== null) return leftBehindText(left, files[at] ?? file)
  if (named === null) {
    const there = files.find((path) => existsSync(path))
    return there !== undefined
      ? `no gateway runs with this config (${there})`
      : `no gateway runs with ${DEFAULT_FILES.join(' or ')}; name its config file with -c FILE`
  }
  return whyNoFile(named, io.cwd) ?? `no gateway runs with this config (${file})`
}

/** What the gateway answered. */
export interface Answered {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** Null: it was no JSON. */
  readonly body: unknown
  /** Whom it was asked of, for people. */
  readonly place: string
}

export interface Asked {
  readonly method: string
  readonly path: string
  readonly timeoutMs?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
}

/** Asks the gateway; null, and a line on stderr, when nobody answers. */
export const askGateway = (gateway: Gateway, asked: Asked, io: Io): Promise<Answered | null> =>
  byAnyWay(gateway, asked, (way) => askBy(way, asked), io)

/** The same for an answer that goes on: `timeoutMs` is for its head alone. */
export function openGateway(gateway: Gateway, asked: Asked, io: Io): Promise<Response | null> {
  const open = async (way: Way): Promise<Response> => {
    const abort = new AbortController()
    const timer = setTimeout(
      () => abort.abort(new DOMException('', 'TimeoutError')),
      asked.timeoutMs ?? TIMEOUT_MS,
    )
    try {
      return await openWay(way, asked, abort.signal)
    } finally {
      clearTimeout(timer)
    }
  }
  return byAnyWay(gateway, asked, open, io)
}

async function byAnyWay<T>(
  gateway: Gateway,
  asked: Asked,
  ask: (way: Way) => Promise<T>,
  io: Io,
): Promise<T | null> {
  let why: string | null = null
  let { closed } = gateway
  for (const way of gateway.ways)
    try {
      return await ask(way)
    } catch (error) {
      const code = codeOf(error)
      if ('unix' in way && (code === 'EACCES' || code === 'EPERM')) closed = way.unix
      else if ('unix' in way && gateway.again !== undefined && isGone(code, asked)) {
        const { again, ...rest } = gateway
        const others = gateway.ways.filter((one) => !('unix' in one))
        return byAnyWay({ ...rest, ways: [...again(), ...others] }, asked, ask, io)
      } else if (!NOBODY.has(code))
        why ??= `${placeOf(way)} ${whyNot(error, way, asked.timeoutMs ?? TIMEOUT_MS)}`
      // It is there and hangs: nobody is served by waiting for it once more at another door.
      if ('unix' in way && isTimeout(error)) break
    }
  const denied =
    closed === null ? null : `this user may not ask the gateway (${closed}): ask as the user that it runs as`
  io.stderr(`sluice ${gateway.command}: ${why ?? denied ?? gateway.whenNone}\n`)
  return null
}

/** Whether anybody answers by its sockets, or at the URL that was named. */
export async function isAnswered({ ways, isRemote }: Gateway): Promise<boolean> {
  const answers = ways.map((way) =>
    'unix' in way || isRemote
      ? askBy(way, { method: 'GET', path: '/_metrics' }).then(
          () => true,
          () => false,
        )
      : false,
  )
  return (await Promise.all(answers)).includes(true)
}

/** The admin listener that answers; null: none does. */
export async function answeringUrl({ ways }: Gateway): Promise<string | null> {
  for (const way of ways)
    if ('url' in way)
      try {
        const { body } = await askBy(way, { method: 'GET', path: '/_health' })
        if (typeof body === 'object' && body !== null && 'backends' in body) return way.url
      } catch {
        // Nobody, or nobody who can be asked.
      }
  return null
}

/** Nobody is there. */
const NOBODY: ReadonlySet<string> = new Set([
  'ENOENT',
  'ECONNREFUSED',
  'ConnectionRefused',
  'FailedToOpenSocket',
])

/** Whether who was there has gone, and asking another one does nothing twice. */
const isGone = (code: string, { method }: Asked): boolean =>
  NOBODY.has(code) || (method === 'GET' && CUT.has(code))
const CUT: ReadonlySet<string> = new Set(['ECONNRESET', 'ConnectionClosed'])

async function askBy(way: Way, asked: Asked): Promise<Answered> {
  const answer = await openWay(way, asked, AbortSignal.timeout(asked.timeoutMs ?? TIMEOUT_MS))
  const text = await answer.text()
  return { status: answer.status, headers: answer.headers, text, body: parse(text), place: placeOf(way) }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** Says what the gateway answered instead of what was asked for, behind what is known; the exit code. */
export function unexpected({ status, body, place }: Answered, command: string, io: Io, known = ''): number {
  const detail =
    typeof body === 'object' && body !== null && 'detail' in body && typeof body.detail === 'string'
      ? `: ${body.detail}`
      : `: is ${place} a gateway?`
  const hint = status === 401 ? `; ${TOKEN_HINT}` : ''
  const said = hint === '' ? detail : detail.replace(/\.$/, '')
  io.stderr(`sluice ${command}: ${known}the gateway answered ${status}${said}${hint}\n`)
  return 1
}

const TOKEN_HINT =
  '--token or SLUICE_TOKEN says who asks: "sluice admin token --role ROLE" makes one where the gateway runs'
