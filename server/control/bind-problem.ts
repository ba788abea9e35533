// Why an address could not be opened.

/** An address of a listener that could not be opened. */
export class BindProblem {
  readonly listener: string
  readonly code: string
  readonly message: string
  /** Where it stands in the config. */
  readonly path: string

  constructor(listener: string, bind: string, code: string, field = 'bind') {
    this.listener = listener
    this.code = code
    this.message = `cannot listen on ${bind}: ${meaningOf(code)} (${code})`
    this.path = `${listenerPath(listener)}.${field}`
  }
}

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
const MEANINGS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program has this port',
  EADDRNOTAVAIL: 'this machine has no such address',
  EACCES: 'ports below 1024 need a privilege (CAP_NET_BIND_SERVICE)',
  EAFNOSUPPORT: 'this machine does not speak this family of addresses',
  EMFILE: 'too many open files',
  ENOTFOUND: 'the host name is not known',
}
