// Why an address could not be opened.
import { parseBind, unixPathOf } from '../../lib/bind.ts'
import { holderHint, portHolder, udpPortHolder, unixHolder } from '../../lib/port-holder.ts'
import { whyPortRefused } from './privileged-port.ts'
import { UnixProblem } from './unix-socket.ts'

/** Where a listener's config says something. */
type Path = readonly (string | number)[]

/** An address of a listener that could not be opened. */
export class BindProblem {
  readonly listener: string
  readonly code: string
  readonly message: string
  /** Where it stands in the config. */
  readonly path: string
  /** What to do about it; null: nobody knows. */
  readonly hint: string | null
  /** Who has the address; null: nobody, or it cannot be seen. */
  readonly holder: { readonly pid: number; readonly name: string } | null

  /** `path`: where the listener's config says so. */
  constructor(listener: string, bind: string, code: string, path: Path = ['bind']) {
    this.listener = listener
    this.code = code
    const unixPath = unixPathOf(bind)
    const holder = code === 'EADDRINUSE' ? holderOf(bind) : null
    const what = unixPath === null ? 'port' : 'socket'
    this.holder = holder && { pid: holder.pid, name: holder.name }
    const refusal = code === 'EACCES' && unixPath === null ? whyPortRefused(parseBind(bind).port) : null
    const meaning =
      holder === null
        ? (refusal?.meaning ?? meaningOf(code, unixPath !== null))
        : `${holder.name} has this ${what}`
    this.message = `cannot listen on ${bind}: ${meaning} (${code})`
    const hints = unixPath === null ? HINTS : UNIX_HINTS
    this.hint = code === 'EADDRINUSE' ? holderHint(holder, what) : (refusal?.hint ?? hints[code] ?? null)
    this.path = textOf(listener, path)
  }

  /** Whether it is about what the listener's config says there. */
  isOf(path: Path): boolean {
    return this.path === textOf(this.listener, path)
  }

  /** What was thrown when it was opened. */
  static of(error: unknown, listener: string, bind: string, path: Path): BindProblem {
    const isOfGroup = error instanceof UnixProblem && error.isOfGroup
    const code = isOfGroup ? `group ${codeOf(error)}` : codeOf(error)
    return new BindProblem(listener, bind, code, isOfGroup ? ['unix', 'group'] : path)
  }
}

const UDP = 'UDP '

function holderOf(bind: string): ReturnType<typeof portHolder> {
  const path = unixPathOf(bind)
  if (path !== null) return unixHolder(path)
  if (bind.startsWith(UDP)) return udpPortHolder(parseBind(bind.slice(UDP.length)).port)
  return portHolder(parseBind(bind).port)
}

const textOf = (listener: string, path: Path): string =>
  path.reduce<string>(
    (text, step) => (typeof step === 'number' ? `${text}[${step}]` : `${text}.${step}`),
    listenerPath(listener),
  )

/** A listener's place in the config. */
export const listenerPath = (name: string): string =>
  name.includes('.') ? `listeners[${JSON.stringify(name)}]` : `listeners.${name}`

/** Bun gives no code for a host name that does not resolve. */
export function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown }
  return typeof code === 'string' && /^E[A-Z]+$/.test(code) ? code : 'ENOTFOUND'
}

const meaningOf = (code: string, isUnix: boolean): string =>
  (isUnix ? UNIX_MEANINGS[code] : undefined) ?? MEANINGS[code] ?? 'it was refused'

const HINTS: Readonly<Record<string, string>> = {
  EADDRNOTAVAIL: 'look at "ip addr", or write 0.0.0.0 or [::] for all addresses',
  EMFILE: 'raise the limit of open files (ulimit -n, LimitNOFILE)',
}
const MEANINGS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program has this port',
  EADDRNOTAVAIL: 'this machine has no such address',
  EAFNOSUPPORT: 'this machine does not speak this family of addresses',
  EMFILE: 'too many open files',
  ENOTFOUND: 'the host name is not known',
}
const UNIX_HINTS: Readonly<Record<string, string>> = {
  EMFILE: 'raise the limit of open files (ulimit -n, LimitNOFILE)',
  ENOENT: 'make the folder first (a unit of systemd: RuntimeDirectory), and let the gateway write to it',
  ENOTSOCK: 'move it away, or choose another path: only a socket that nobody answers on is replaced',
  EACCES: 'choose a folder that the gateway may write to (a unit of systemd: RuntimeDirectory)',
  EROFS: 'choose a folder that the gateway may write to (a unit of systemd: RuntimeDirectory)',
  'group ENOENT': 'look at /etc/group, or write its number',
  'group EPERM': "make the gateway's user a member of it, or leave it out",
}
const UNIX_MEANINGS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there',
  ENOENT: 'its folder does not exist',
  ENOTDIR: 'its folder is none',
  ENOTSOCK: 'something stands there that is no socket',
  EACCES: 'this user may not make it there, or not ask the socket that stands there',
  EROFS: 'its folder cannot be written to',
  ENOTSUP: 'only Linux has listeners at Unix sockets',
  'group ENOENT': 'there is no such group',
  'group EPERM': 'this user may not give it to that group',
}
