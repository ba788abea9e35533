// Every expected failure of the data path: its code, the status a client sees, and what RFC 9209 calls it.
// Data only.

import { type FaultRow, type FaultSide, passing, row } from './fault-row.ts'
import { STEP_FAULTS } from './step-faults.ts'

export type { FaultSide } from './fault-row.ts'

/** TLS with the server did not come to be. */
const tlsRow = (proxyStatus: string, text: string): FaultRow => row(502, 'server', proxyStatus, text)
/** Its certificate does not open this door: RFC 9110 §15.5.4, other credentials might. */
const clientRow = (text: string): FaultRow => row(403, 'client', 'http_request_denied', text)

export const FAULTS = {
  ...STEP_FAULTS,
  head_malformed: row(400, 'client', 'http_request_error', 'The request head breaks RFC 9112.'),
  framing_ambiguous: row(
    400,
    'client',
    'http_request_error',
    'Two readers could frame this request differently.',
  ),
  host_invalid: row(400, 'client', 'http_request_error', 'Host is missing, repeated or not a host.'),
  target_invalid: row(400, 'client', 'http_request_error', 'The request target is not valid.'),
  match_ambiguous: row(
    400,
    'client',
    'http_request_error',
    'Readers of this request could take its path, or a field that comes twice, differently.',
  ),
  rewrite_failed: row(
    400,
    'client',
    'http_request_error',
    'No request to a server comes of this one as it is rewritten: its path would lead up or be too long, or its host be none.',
  ),
  chunk_malformed: row(400, 'client', 'http_request_error', 'The chunked request body is malformed.'),
  method_refused: row(405, 'client', 'http_request_denied', 'This method is not served here.'),
  request_timeout: row(408, 'client', 'http_request_error', 'The request did not arrive in time.'),
  body_too_large: row(413, 'client', 'http_request_denied', 'The request body is larger than allowed.'),
  target_too_long: row(414, 'client', 'http_request_denied', 'The request target is longer than allowed.'),
  expectation_unknown: row(417, 'client', 'http_request_error', 'The expectation is not known.'),
  head_too_large: row(431, 'client', 'http_request_denied', 'The request head is larger than allowed.'),
  client_abort: row(
    499,
    'client',
    'http_request_error',
    'The client went away before its answer was complete.',
  ),
  client_stalled: row(499, 'client', 'http_request_error', 'The client stopped reading its answer.'),
  coding_unsupported: row(501, 'client', 'http_request_error', 'The transfer coding is not supported.'),
  version_unsupported: row(505, 'client', 'http_request_error', 'The HTTP version is not supported.'),
  client_certificate_missing: clientRow('This needs a certificate of the client, and none was shown.'),
  client_certificate_unknown_issuer: clientRow(
    "The client's certificate is of an issuer that is not trusted here.",
  ),
  client_certificate_expired: clientRow("The client's certificate, or one of its issuers, has expired."),
  client_certificate_not_yet_valid: clientRow(
    "The client's certificate, or one of its issuers, is not valid yet.",
  ),
  client_certificate_revoked: clientRow("The client's certificate, or one of its issuers, is revoked."),
  client_certificate_unchecked: clientRow(
    "Whether the client's certificate is revoked is not known: no list of its issuer is good now.",
  ),
  client_certificate_denied: clientRow("The client's certificate is none of those that are let in here."),
  client_certificate_invalid: clientRow("The client's certificate cannot be taken."),
  misdirected: row(
    421,
    'client',
    'http_request_denied',
    'For this host clients are asked for a certificate in another way: it wants a connection of its own.',
  ),
  credentials_missing: row(
    401,
    'client',
    'http_request_denied',
    'This needs credentials, and none came that are asked for here.',
  ),
  credentials_wrong: row(
    401,
    'client',
    'http_request_denied',
    'The credentials are not those of anybody who is let in here.',
  ),
  credentials_limited: passing(
    row(429, 'client', 'http_request_denied', 'Wrong credentials came too often from this client.'),
  ),
  no_rule: row(404, 'gateway', 'destination_not_found', 'No rule matches this request.'),
  loop: row(508, 'gateway', 'proxy_loop_detected', 'This request has passed here before.'),
  plugin_failed: row(500, 'gateway', 'proxy_internal_error', 'A plugin of the gateway has failed.'),
  internal: row(500, 'gateway', 'proxy_internal_error', 'The gateway failed.'),
  no_server: passing(row(503, 'gateway', 'destination_unavailable', 'No server of the backend is up.')),
  maintenance: passing(row(503, 'gateway', 'destination_unavailable', 'Work is being done on this.')),
  circuit_open: passing(
    row(
      503,
      'gateway',
      'destination_unavailable',
      'Every server of the backend is left alone for a while, as requests to it failed (circuit breaker).',
    ),
  ),
  stopped: passing(
    row(503, 'gateway', 'connection_terminated', 'The gateway stopped before the exchange was over.'),
  ),
  queue_full: passing(
    row(503, 'gateway', 'connection_limit_reached', 'Every server is full and so is the queue.'),
  ),
  overloaded: passing(
    row(503, 'gateway', 'connection_limit_reached', 'The gateway has more to do than it can.'),
  ),
  tarpit_full: passing(
    row(503, 'gateway', 'connection_limit_reached', 'As many requests as may be are held back here.'),
  ),
  rule_full: passing(
    row(503, 'gateway', 'connection_limit_reached', 'As many requests as allowed here are under way.'),
  ),
  queue_timeout: passing(row(503, 'gateway', 'connection_limit_reached', 'No server had room in time.')),
  descriptor_limit: passing(
    row(
      503,
      'gateway',
      'connection_limit_reached',
      'No descriptor was left for a connection to a server: the limit of open files is reached.',
    ),
  ),
  dns_failed: row(502, 'server', 'dns_error', "The server's name could not be resolved."),
  connect_refused: row(502, 'server', 'connection_refused', 'The server refused the connection.'),
  connect_failed: row(502, 'server', 'destination_ip_unroutable', 'The server could not be reached.'),
  connect_timeout: row(
    504,
    'server',
    'connection_timeout',
    'The connection to the server did not stand in time.',
  ),
  tls_name_mismatch: tlsRow('tls_certificate_error', "The server's certificate is for another name."),
  tls_unknown_issuer: tlsRow(
    'tls_certificate_error',
    "The server's certificate is of an issuer that is not trusted here.",
  ),
  tls_self_signed: tlsRow(
    'tls_certificate_error',
    "The server's certificate is self-signed, and not trusted here.",
  ),
  tls_expired: tlsRow('tls_certificate_error', "The server's certificate has expired."),
  tls_not_yet_valid: tlsRow('tls_certificate_error', "The server's certificate is not valid yet."),
  tls_untrusted: tlsRow('tls_certificate_error', "The server's certificate cannot be trusted."),
  tls_pin_mismatch: tlsRow('tls_certificate_error', "The server's key is none of those that are pinned."),
  tls_client_certificate: tlsRow('tls_alert_received', 'The server asks for a certificate of ours.'),
  tls_alert: tlsRow('tls_alert_received', 'The server refused the TLS handshake.'),
  tls_too_old: tlsRow('tls_protocol_error', 'The server speaks older versions of TLS only.'),
  tls_not_spoken: tlsRow('tls_protocol_error', 'What the server speaks is not TLS.'),
  tls_failed: tlsRow('tls_protocol_error', 'The TLS handshake with the server failed.'),
  tls_closed: tlsRow('connection_terminated', 'The server closed the connection in the TLS handshake.'),
  tls_timeout: row(
    504,
    'server',
    'connection_timeout',
    'The TLS handshake with the server was not over in time.',
  ),
  server_closed: row(
    502,
    'server',
    'connection_terminated',
    'The server closed the connection before it answered.',
  ),
  server_malformed: row(502, 'server', 'http_protocol_error', "The server's answer breaks RFC 9112."),
  server_head_too_large: row(
    502,
    'server',
    'http_response_header_section_size',
    "The head of the server's answer is too large.",
  ),
  server_truncated: row(
    502,
    'server',
    'http_response_incomplete',
    'The server broke off in the middle of its answer.',
  ),
  server_stalled: row(504, 'server', 'http_response_timeout', 'The server paused too long.'),
  attempt_timeout: row(
    504,
    'server',
    'http_response_timeout',
    'The server did not answer within the time of an attempt.',
  ),
  exchange_timeout: row(
    504,
    'gateway',
    'http_response_timeout',
    'The exchange was not over within its time.',
  ),
  response_timeout: row(504, 'server', 'http_response_timeout', 'The server did not answer in time.'),
  step_timeout: row(504, 'gateway', 'proxy_internal_error', 'A step of the rule took too long.'),
  tunnel_timeout: row(504, 'gateway', 'connection_timeout', 'The tunnel was silent too long.'),
  server_reset: row(502, 'server', 'connection_terminated', 'The server reset the connection.'),
  idle_timeout: row(504, 'gateway', 'connection_timeout', 'Nothing passed in either direction for too long.'),
  half_close_timeout: row(
    504,
    'gateway',
    'connection_timeout',
    'One side had ended, and nothing passed in the other direction for too long.',
  ),
  hello_malformed: row(
    400,
    'client',
    'tls_protocol_error',
    'What the client began with is no ClientHello of TLS.',
  ),
  hello_too_large: row(400, 'client', 'tls_protocol_error', 'The ClientHello is larger than allowed.'),
  hello_timeout: row(408, 'client', 'connection_timeout', 'The ClientHello did not arrive in time.'),
} as const satisfies Record<string, FaultRow>

export type FaultCode = keyof typeof FAULTS
/** Why a client's certificate is refused. */
export type ClientFault = Extract<FaultCode, `client_certificate_${string}`>
/** Why TLS with a server did not come to be. */
export type TlsFault = Extract<FaultCode, `tls_${string}`>

/** Something stands against the server's certificate: trying that server again cannot mend it. */
export const isLasting = (code: FaultCode): boolean => FAULTS[code].proxyStatus === 'tls_certificate_error'

export const isTlsFault = (code: FaultCode): code is TlsFault => code.startsWith('tls_')
export const isClientFault = (code: FaultCode): code is ClientFault => code.startsWith('client_certificate_')

/** Each code has a place, by which shared memory tells of it. */
export const FAULT_CODES = Object.keys(FAULTS) as readonly FaultCode[]
const PLACES: ReadonlyMap<string, number> = new Map(FAULT_CODES.map((code, place) => [code, place]))

/** The place of a code in FAULT_CODES. */
export const faultPlace = (code: FaultCode): number => PLACES.get(code) ?? 0

/** An expected failure. `sent` is false only when no byte of the request can have reached the server. */
export interface Fault {
  readonly code: FaultCode
  readonly side: FaultSide
  readonly sent: boolean
}

/** How an attempt was lost. */
export interface Loss {
  readonly code: FaultCode
  /**
   * How far it came: not one byte of the request can have been looked at, some or all of it may have been, or
   * some of an answer has come.
   */
  readonly reached: 'nothing' | 'request' | 'answer'
  /** The connection was ended by its server before it knew of the request: the server is no worse for it. */
  readonly isStale: boolean
  /** Why, in more words than the code says; null: that says all. */
  readonly detail: string | null
}

/** The fault of this code; made once for each code, as faults hold nothing else. */
export function fault(code: FaultCode, sent: boolean): Fault {
  return (sent ? SENT : UNSENT)[code]
}

const makeAll = (sent: boolean): Record<FaultCode, Fault> =>
  Object.fromEntries(
    Object.entries(FAULTS).map(([code, { side }]) => [code, { code, side, sent }]),
  ) as Record<FaultCode, Fault>
const SENT = makeAll(true)
const UNSENT = makeAll(false)
