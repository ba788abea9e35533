// Why an address could not be opened.
import { parseBind } from '../../lib/bind.ts'
import { holderHint, portHolder } from '../../lib/port-holder.ts'

/** An address of a listener that could not be opened. */
export class BindProblem {
  readonly listener: string
  readonly code: string
  readonly message: string
  /** Where it stands in the config. */
  readonly path: string
  /** What to do about it; null: nobody knows. */
  readonly hint: string | null

  /** `path`: where the listener's config says so. */
  constructor(listener: string, bind: string, code: string, path: Path = ['bind']) {
    this.listener = listener
    this.code = code
    // Who has a port of UDP is not looked for.
    const holder = code === 'EADDRINUSE' && !bind.startsWith('UDP ') ? portHolder(parseBind(bind).port) : null
    const meaning = holder === null ? meaningOf(code) : `${holder.name} has this port`
    this.message = `cannot listen on ${bind}: ${meaning} (${code})`
    this.hint = code === 'EADDRINUSE' ? holderHint(holder) : (HINTS[code] ?? null)
    this.path = path.reduce<string>(
      (text, step) => (typeof step === 'number' ? `${text}[${step}]` : `${text}.${step}`),
      listenerPath(listener),
    )
  }
}

type Path = readonly (string | number)[]

/** A listener's place in the config. */
export const listenerPath = (name: string): string =>
  name.includes('.') ? `listeners[${JSON.stringify(name)}]` : `listeners.${name}`

/** Bun gives no code for a host name that does not resolve. */
export function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown }
  return typeof code === 'string' && /^E[A-Z]+$/.test(code) ? code : 'ENOTFOUND'
}

function meaningOf(code: string): string {
  return MEANINGS[code] ?? 'it was refused'
}
const HINTS: Readonly<Record<string, string>> = {
  EACCES:
    'give it to the program (setcap cap_net_bind_service=+ep FILE; a unit of systemd: AmbientCapabilities), or choose a port above 1023',
  EADDRNOTAVAIL: 'look at "ip addr", or write 0.0.0.0 or [::] for all addresses',
  EMFILE: 'raise the limit of open files (ulimit -n, LimitNOFILE)',
}
const MEANINGS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program has this port',
  EADDRNOTAVAIL: 'this machine has no such address',
  EACCES: 'ports below 1024 need a privilege (CAP_NET_BIND_SERVICE)',
  EAFNOSUPPORT: 'this machine does not speak this family of addresses',
  EMFILE: 'too many open files',
  ENOTFOUND: 'the host name is not known',
}
