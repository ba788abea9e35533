// The protocols that listeners speak. One that is added is a row here, and a machine: see compile of
// server/snapshot and the entries of server/worker.
import type { TSchema } from '@sinclair/typebox'
import { HttpListenerOptions, HttpsListenerOptions } from '../http/listener.options.ts'
import type { Family } from '../lib/server-url.ts'
import { TcpListenerOptions } from '../tcp/tcp.options.ts'
import { TlsListenerOptions } from '../tls/tls-listener.options.ts'
import { TurnListenerOptions } from '../turn/turn.options.ts'
import { UdpListenerOptions } from '../udp/listener.options.ts'
import { checkHttpListener } from './check-http-listener.ts'
import { checkTcpListener } from './check-tcp-listener.ts'
import { checkTlsListener } from './check-tls-listener.ts'
import { checkTurn } from './check-turn.ts'
import { checkUdpListener } from './check-udp-listener.ts'
import type { CheckedListener, ListenerProtocol } from './listener-protocol.ts'
import type { Written } from './written.ts'

const http: ListenerProtocol<typeof HttpListenerOptions> = {
  options: HttpListenerOptions,
  family: 'http',
  check: checkHttpListener,
}

const tcp: ListenerProtocol<typeof TcpListenerOptions> = {
  options: TcpListenerOptions,
  family: 'tcp',
  check: checkTcpListener,
}

const https: ListenerProtocol<typeof HttpsListenerOptions> = {
  options: HttpsListenerOptions,
  family: 'http',
  check: checkHttpListener,
}

const tls: ListenerProtocol<typeof TlsListenerOptions> = {
  options: TlsListenerOptions,
  family: 'tcp',
  check: checkTlsListener,
}

const turn: ListenerProtocol<typeof TurnListenerOptions> = {
  options: TurnListenerOptions,
  family: null,
  check: checkTurn,
}

const udp: ListenerProtocol<typeof UdpListenerOptions> = {
  options: UdpListenerOptions,
  family: 'udp',
  check: checkUdpListener,
}

/** By the word of "protocol"; the first is meant where none is written. */
export const PROTOCOLS = { http, https, tcp, tls, udp, turn } as const

type Protocols = typeof PROTOCOLS
type Options = { [K in keyof Protocols]: Protocols[K]['options']['static'] }[keyof Protocols]

/** The family of the backends that listeners of this protocol lead to; null: they lead to none. */
export const familyOfProtocol = (protocol: keyof Protocols): Family | null => PROTOCOLS[protocol].family

/** Checks a listener by what its protocol asks. */
export function checkByProtocol(written: Written, listener: CheckedListener<Options>): void {
  const row: ListenerProtocol<TSchema> = PROTOCOLS[listener.options.protocol]
  row.check(written, listener)
}
