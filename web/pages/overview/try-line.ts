// The line that tries a listener from a shell.
interface Listener {
  readonly protocol: string
  readonly address: unknown
}

/** Of the first listener that speaks HTTP; null: there is none that is open at an address. */
export function tryLine(listeners: readonly Listener[], hostname: string): string | null {
  for (const { protocol, address } of listeners) {
    if (protocol !== 'http' && protocol !== 'https') continue
    const [first] = (Array.isArray(address) ? address : [address]) as unknown[]
    if (typeof first !== 'string') continue
    if (first.startsWith('unix:'))
      return `curl --unix-socket ${wordOf(first.slice('unix:'.length))} http://localhost/`
    const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(first) ?? []
    if (port === '') continue
    // An address that stands for all of them is reached by the name that this page is reached by.
    const name = host === '0.0.0.0' || host === '[::]' || host === '' ? bracketed(hostname) : host
    return `curl ${protocol === 'https' ? '-k ' : ''}${protocol}://${name}:${port}/`
  }
  return null
}

/** For a POSIX shell: as it is, where that is one word. */
const wordOf = (text: string): string =>
  /^[\w./@:+-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`

const bracketed = (hostname: string): string =>
  hostname.includes(':') && !hostname.startsWith('[') ? `[${hostname}]` : hostname
