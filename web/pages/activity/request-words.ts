// What is said of a request: why that server, what a fault means for who looks after it, and how to send it
// once more by hand.
import type { ServedRequest } from '../../data/api-types.ts'

const CHOSEN: Readonly<Record<string, string>> = {
  round_robin: 'it was its turn',
  weighted_round_robin: 'it was its turn, by weight',
  least_connections: 'it had the fewest requests in flight',
  random: 'by chance',
  weighted_random: 'by chance, by weight',
  power_of_two: 'the less busy of two that were drawn',
  least_response_time: 'it answered the quickest of late',
  ip_hash: 'the client’s address leads there',
  hash: 'the hash of the request leads there',
  first_available: 'the first in order that was up',
  retry: 'the one before it was lost',
  hedge: 'the one before it let wait',
}

/** Why the server of an attempt was taken, and after what. */
export function whyChosen(chosen: string, reason: string | null = null): string {
  const why = CHOSEN[chosen]
  const after = reason === null || chosen !== 'retry' ? chosen : reason.replace('status_', 'status ')
  return why === undefined ? chosen : `${why} (${after})`
}

const TO_DO: Readonly<Record<string, string>> = {
  no_server: 'Look at the servers of the backend: their page says why each is down.',
  circuit_open: 'Look at the servers of the backend: their page says why each is left alone, and until when.',
  connect_refused: 'Nothing listens there: see that the server runs, and at this port.',
  connect_timeout: 'See that the address is right and no firewall drops what is sent there.',
  connect_failed: 'See that the address is right and there is a way to it.',
  dns_failed: 'See that the name exists and the resolver answers.',
  response_timeout: 'See what keeps the server busy, or give the rule a longer timeout.',
  attempt_timeout:
    'See what keeps the server busy, or give attempts more time (retry.timeout of the backend).',
  exchange_timeout: 'See where its time went; timeouts.total of the rule, backend or listener limits it.',
  server_closed: 'See the server’s own log at this time; its keep-alive may be shorter than the gateway’s.',
  server_reset: 'See the server’s own log at this time: it may have ended.',
  concurrency_limited: 'If this client is welcome, raise max of the rule’s concurrency.',
  tarpit_full: 'If these clients are welcome, raise max of the rule’s tarpit, or take it away.',
  head_too_large: 'If it is welcome, raise the rule’s header_limit, or limits of the listener.',
  rule_full: 'Raise max_connections of the rule, if its servers have room.',
  overloaded: 'Give the gateway more cores or memory; rules of a higher priority are refused last.',
  queue_full: 'Give the backend more servers, or its servers more connections.',
  queue_timeout: 'Give the backend more servers, or its servers more connections.',
  no_rule: 'Add a rule that takes this host and path, or give the listener a backend.',
  rate_limited: 'If this client is welcome, raise the rate of the rule’s rate_limit.',
  fault_injected: 'Nothing: the rule’s faults have some of its requests fail, until they expire.',
  credentials_missing: 'Nothing, if the client should have shown who it is: it was asked for that.',
  credentials_wrong: 'See in detail whose credentials they were; “sluice hash” makes new ones.',
  credentials_limited:
    'If this client is welcome, see why its password is wrong; failures of basic_auth is the limit.',
  credentials_busy: 'Many wrong passwords come at once: limit who sends them.',
  token_invalid: 'See in detail what is wrong with the token; its issuer gives another one.',
  token_insufficient: 'If it should have passed, see claims of the rule’s jwt, or have the issuer say more.',
  keys_unavailable: 'See that jwks_url of the issuer can be reached from here.',
  denied: 'If it should have passed, see the rule’s middleware.',
  auth_unavailable: 'See whether the provider, or the backend that forward_auth asks, answers.',
  sign_in_failed: 'The detail says what was wrong; the provider’s own log may say more.',
  cross_origin: 'If that site may send such requests, name it in trusted of the rule’s csrf.',
  not_cached: 'Nothing: its client wanted what is stored, or nothing (only-if-cached).',
  origin_refused: 'If pages of that origin may ask, name it in origins of the rule’s cors.',
  client_abort: 'Nothing, unless it is frequent: then clients wait too long.',
  body_too_large: 'If it is welcome, raise the rule’s body_limit.',
  loop: 'A server sends requests back here: see the addresses of its backend.',
}

/** What to do about a fault; null: nothing that would hold for all. */
export const toDo = (fault: string | null): string | null => (fault === null ? null : (TO_DO[fault] ?? null))

/** Why it is not sent once more; null: it can be. */
export function whyNoReplay({
  method,
  bytes_in: bytesIn,
  headers_cut: isCut,
  backend,
}: ServedRequest): string | null {
  if (!['GET', 'HEAD', 'OPTIONS'].includes(method)) return `${method} may change something`
  if (bytesIn > 0) return 'it had a body, which is not kept'
  if (isCut) return 'its head is not kept whole'
  return backend === null ? 'no backend had it' : null
}

/** What curl sets itself, or what is of one connection. */
const NOT_CURL = /^(?:host|connection|content-length|transfer-encoding|accept-encoding)$/i

/** As its client had it, with the port. */
export function urlOf({ scheme, host, path, headers }: ServedRequest): string {
  const own = headers.find(([name]) => /^host$/i.test(name))?.[1] ?? host
  return `${scheme}://${own}${path}`
}

/** A method is any token (RFC 9110, 5.6.2), and a client's word: a shell would run what "GET`id`" names. */
const methodOf = (method: string): string =>
  method === 'GET' ? '' : method === 'HEAD' ? '-I ' : `-X ${quoted(method)} `

/** As a line for a shell; whatever the client sent, it is words to it. */
export function curlOf(request: ServedRequest): string {
  const { method, headers, hidden_headers: hidden } = request
  const fields = headers.filter(([name]) => !NOT_CURL.test(name) && !hidden.includes(name))
  const url = urlOf(request)
  // Brackets of an address are for curl what `*` is for a shell.
  const isPlain = !/[[\]{}]/.test(url)
  const words = [
    `curl ${isPlain ? '' : '-g '}${methodOf(method)}${quoted(url)}`,
    ...fields.map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
  ]
  return words.join(' \\\n  ')
}

/** For a POSIX shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`
