// What a check is called, and whom it asks.
import { isUnixPath, parseServerUrl, schemeOf, type ServerAddress } from '../../lib/server-url.ts'
import type { ServerCheck } from './probe.ts'

/** Without the port that may stand behind it, and without brackets. */
export const nameOf = (host: string | undefined): string | null =>
  host === undefined ? null : host.replace(/:[0-9]+$/, '').replace(/^\[(.*)\]$/, '$1')

/** Whom it asks of a server that is used at `own`. */
export function addressOf({ port }: ServerCheck, url: string, own: ServerAddress): ServerAddress {
  if (port === undefined || port === own.port || isUnixPath(own.host)) return own
  const host = own.host.includes(':') ? `[${own.host}]` : own.host
  return {
    ...own,
    port,
    authority: parseServerUrl(`${schemeOf(url)?.isTls ? 'https' : 'http'}://${host}:${port}`).authority,
  }
}

/** A check in a few words, which tell those of one server apart: "http :8081/ready", "tcp :9000". */
export function calledOf({ type = 'http', method, path, port, host = '' }: ServerCheck): string {
  const at = `${host}${port === undefined ? '' : ` :${port}`}`.trim()
  const asked = type === 'http' ? `${at}${path}` : at
  return [
    type,
    ...(type === 'http' && method !== 'GET' ? [method] : []),
    ...(asked === '' ? [] : [asked]),
  ].join(' ')
}
