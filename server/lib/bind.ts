// `host:port`, as listeners name it.

/** Splits `host:port`, `[v6]:port` or `:port`, which is every address of the machine. */
export function parseBind(bind: string): { readonly host: string; readonly port: number } {
  const colon = bind.lastIndexOf(':')
  const host = bind.slice(0, colon).replace(/^\[|\]$/g, '')
  return { host: host === '' || host === '*' ? '::' : host, port: Number(bind.slice(colon + 1)) }
}

/** `host:port`, an IPv6 address in brackets. */
export function writeBind(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** What makes listeners of an old and a new config the same socket: the address; where the port is any, the name as well. */
export function socketKey(listener: string, bind: string): string {
  const { host, port } = parseBind(bind)
  return port === 0 ? `${listener}@${writeBind(host, port)}` : writeBind(host, port)
}
