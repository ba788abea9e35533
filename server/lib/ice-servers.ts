// What browsers are told of a turn listener: RTCConfiguration.iceServers.
import type { Config } from '../config/schema.ts'
import type { TurnListenerConfig } from '../turn/turn.options.ts'
import { parseBind, tcpBindsOf } from './bind.ts'
import { type ClientTransport, writeTurnUrl } from './turn-url.ts'

export interface IceServer {
  readonly urls: readonly string[]
  readonly username?: string
  readonly credential?: string
}

/** What is told of a listener. */
type ToldListener = Pick<TurnListenerConfig, 'bind' | 'transports' | 'tls' | 'relay' | 'realm'>

/** Ports of https listeners whose clients may be those of a turn listener. */
export function httpsPortsOf(turn: string, listeners: Config['listeners']): number[] {
  const ports = Object.entries(listeners).flatMap(([name, options]) =>
    options.protocol === 'https' && options.turn === turn
      ? tcpBindsOf(name, options).map(({ bind }) => parseBind(bind).port)
      : [],
  )
  return [...new Set(ports)]
}

/** URLs of a listener with credentials; `note`: what the URLs may lack. */
export function iceServersOf(
  { listener, httpsPorts }: { readonly listener: ToldListener; readonly httpsPorts: readonly number[] },
  host: string | null,
  credentials: { readonly username?: string; readonly credential?: string },
): { readonly iceServers: readonly IceServer[]; readonly note: string | null } {
  const { bind, transports, tls, relay } = listener
  const { host: known, isGuess } = host === null ? hostOf(listener) : { host: bare(host), isGuess: false }
  const plain = parseBind(bind).port
  const secure = [...(tls === undefined ? [] : [parseBind(tls.bind).port]), ...httpsPorts]
  const url = (isTurn: boolean, transport: ClientTransport, port: number): string[] =>
    port === 0 ? [] : [writeTurnUrl({ isTurn, host: known, port, transport })]
  const stun = transports.includes('udp') ? url(false, 'udp', plain) : []
  const turn = [
    ...transports.flatMap((transport) => url(true, transport, plain)),
    ...secure.flatMap((port) => url(true, 'tls', port)),
  ]
  const notes = [
    ...(isGuess
      ? [`the public name is not known: the realm, ${known}, stands in for it; name it with --host`]
      : []),
    ...(plain === 0 || secure.includes(0)
      ? ['an address with port 0 takes any free port: it has no URL']
      : []),
  ]
  const iceServers = [
    ...(stun.length === 0 ? [] : [{ urls: stun }]),
    ...(relay === false || turn.length === 0 ? [] : [{ urls: turn, ...credentials }]),
  ]
  return { iceServers, note: notes.length === 0 ? null : notes.join('; ') }
}

/** Where the outside finds it, as far as its config tells. */
function hostOf({ bind, relay, realm }: ToldListener): {
  readonly host: string
  readonly isGuess: boolean
} {
  const { host } = parseBind(bind)
  const [advertised] = relay === false ? [] : relay.advertise
  const [relayed] = relay === false ? [] : relay.bind
  const isEvery = host === '::' || host === '0.0.0.0'
  const known = advertised ?? (isEvery ? relayed : host)
  return known === undefined ? { host: realm, isGuess: true } : { host: known, isGuess: false }
}

const bare = (host: string): string => host.replace(/^\[(.*)\]$/, '$1')
