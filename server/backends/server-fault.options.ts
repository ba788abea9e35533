// The codes of faults that are of a server, for options that name some of them: tables/faults.ts says what
// they are.
import { Words } from '../lib/kinds.ts'

export const SERVER_FAULTS = [
  'dns_failed',
  'connect_refused',
  'connect_failed',
  'connect_timeout',
  'tls_name_mismatch',
  'tls_unknown_issuer',
  'tls_self_signed',
  'tls_expired',
  'tls_not_yet_valid',
  'tls_untrusted',
  'tls_pin_mismatch',
  'tls_client_certificate',
  'tls_alert',
  'tls_too_old',
  'tls_not_spoken',
  'tls_failed',
  'tls_closed',
  'tls_timeout',
  'server_closed',
  'server_malformed',
  'server_head_too_large',
  'server_truncated',
  'server_stalled',
  'response_timeout',
  'server_reset',
  'attempt_timeout',
] as const

export const ServerFault = Words(SERVER_FAULTS, {
  description: 'The code of a fault of the server, as the access log has it.',
})
