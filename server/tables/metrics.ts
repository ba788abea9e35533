// Every metric: its name without the prefix, what it is, and its labels in order. Data only.
import { CACHE_METRICS } from './cache-metrics.ts'
import { CIRCUIT_METRICS } from './circuit-metrics.ts'
import { DESTINATION_METRICS } from './destination-metrics.ts'
import { PASSIVE_METRICS } from './passive-metrics.ts'
import { STEP_METRICS } from './step-metrics.ts'
import { LAYER_4_METRICS } from './layer-4-metrics.ts'
import { type MetricRow, counter, gauge, histogram } from './metric-row.ts'

const PLACE = ['listener', 'rule', 'backend'] as const
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
const BYTES = [0, 1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576].map((kib) => kib * 1024)

export const METRICS = {
  requests_total: counter(
    'Exchanges that ended, refused ones included.',
    'listener',
    'rule',
    'backend',
    'server',
    'method',
    'status',
  ),
  request_duration_seconds: histogram(
    'From the first byte of the request to the last of its answer; without tunnels (101), which stand for as long as somebody likes.',
    SECONDS,
    ...PLACE,
  ),
  server_response_seconds: histogram(
    'From a request to the first byte of its answer, of those that a server answered at the first attempt; without what it waited for a server with room.',
    SECONDS,
    'backend',
    'server',
  ),
  request_size_bytes: histogram('Bytes of request bodies.', BYTES, ...PLACE),
  response_size_bytes: histogram('Bytes of answer bodies.', BYTES, ...PLACE),
  active_connections: gauge('Open client connections.'),
  connections_total: counter('Client connections that were accepted.'),
  listener_connections: gauge('Open client connections of a listener.', 'listener', 'process'),
  listener_connections_total: counter('Client connections that a listener accepted.', 'listener'),
  bytes_total: counter('Bytes of bodies received from clients (in) and sent to them (out).', 'direction'),
  backend_health_status: gauge('Whether a server is up: 1 or 0.', 'backend', 'server'),
  server_admin_state: gauge(
    'What a person has ordered of a server: 0 ready, 1 drain, 2 maintenance.',
    'backend',
    'server',
  ),
  server_weight: gauge(
    'Share of a server: that of the config, unless a person has ordered another.',
    'backend',
    'server',
  ),
  server_share: gauge(
    'What part of its weight a server has, as it came up lately; 1: all. Of backends that have slow_start.',
    'backend',
    'server',
  ),
  server_dynamic_weight: gauge(
    'Weight of a server by how it fares; in shadow mode what it would be. Of backends that have dynamic_weights.',
    'backend',
    'server',
  ),
  ...CIRCUIT_METRICS,
  ...PASSIVE_METRICS,
  server_in_flight: gauge('Exchanges and tunnels that a server carries.', 'backend', 'server'),
  queue_length: gauge('Exchanges that wait for a server with room.', 'backend', 'process'),
  queue_waits_total: counter(
    'Waits for a server with room, by how they ended: served, timeout (queue.timeout was over), left (mostly a client that went away) or full (they did not begin, as the queue had no room).',
    'backend',
    'outcome',
  ),
  backend_in_flight: gauge(
    'What all servers of a backend with max_connections carry together, over all workers.',
    'backend',
  ),
  backend_limit: gauge('Most that they may carry together, where max_connections says it.', 'backend'),
  backend_adaptive_limit: gauge(
    'How many of them may wait for answers to begin, as adaptive_limit has found it.',
    'backend',
  ),
  backend_adaptive_in_flight: gauge('How many of them wait for that now.', 'backend'),
  adaptive_limit_shadow_total: counter(
    'What an adaptive limit in shadow mode would have had wait.',
    'backend',
  ),
  health_checks_total: counter('Health checks, by result: pass or fail.', 'backend', 'server', 'result'),
  retries_total: counter('Attempts after one that failed, by its fault or status.', 'backend', 'reason'),
  retries_in_flight: gauge(
    'Further attempts that have a place in the budget of retries now, in flight or waiting, over all workers.',
    'backend',
  ),
  retry_budget_exhausted_total: counter('Attempts that the budget of retries let not be made.', 'backend'),
  hedges_total: counter(
    'Attempts beside one that let wait, by outcome: won (answered first), lost (the other was), failed, given_up (with its client), refused (not made, as the budget was used up).',
    'backend',
    'outcome',
  ),
  attempts_total: counter(
    'Attempts at a server: answered, lost (asked, and not answered to the end), refused (it was never reached) or given_up (nobody waited for its answer: mostly a client that left).',
    'backend',
    'server',
    'outcome',
  ),
  sticky_total: counter(
    'Requests of backends whose sessions stay by a cookie: hit (served by its server), elsewhere (by another one this once, as its own was full or failed), moved (its own is out of use, another one has it from now on), new (no cookie), forged (none of ours, or of another backend), expired.',
    'backend',
    'result',
  ),
  surplus_answers_total: counter(
    'Answers behind which a server sent bytes that belong to none: those are dropped, and their connection is closed.',
    'backend',
    'server',
  ),
  ...STEP_METRICS,
  ...CACHE_METRICS,
  overload_shed_total: counter(
    'New requests that an overloaded worker refused, or would have in shadow mode, by what was too much (loop_lag, memory or descriptors) and the priority of their rule.',
    'cause',
    'decision',
    'priority',
  ),
  overload_share: gauge(
    'Share of new requests that a worker refuses as it is overloaded, or would in shadow mode: 0 to 1. Once overload is configured.',
    'process',
  ),
  overload_level: gauge(
    'How near a worker came in the last second to what the config calls too much (1), by cause: loop_lag, memory or descriptors. Once overload is configured.',
    'cause',
    'process',
  ),
  proxy_headers_refused_total: counter(
    'Connections of trusted proxies that were closed as their PROXY header was missing, malformed, too_long, bad_checksum or cut_off.',
    'listener',
    'reason',
  ),
  tls_handshakes_total: counter(
    'Handshakes of clients, by version ("-" where it did not come so far) and result: full, resumed, or why there was none (cut_off, timeout, not_tls, no_version, no_cipher, no_protocol, refused_by_client, chain_too_large, malformed).',
    'listener',
    'version',
    'result',
  ),
  client_certificates_total: counter(
    'Clients that were asked for a certificate in their handshake, by what came of it: verified, none (none was shown), or what stands against it (unknown_issuer, expired, not_yet_valid, revoked, unchecked, denied, invalid).',
    'listener',
    'result',
  ),
  server_tls_handshakes_total: counter(
    'Handshakes with servers, by version ("-" where it did not come so far) and result: full, resumed, or the fault that it came to (name_mismatch, expired, closed and the like).',
    'version',
    'result',
  ),
  certificate_expiry_timestamp_seconds: gauge(
    'When a certificate ends, as seconds since 1970; of one with two kinds of keys, the one that ends first. Of those on demand (NAME@HOST) the hundred that end first. Source: files, self_signed, acme, or stand_in where none was obtained yet.',
    'certificate',
    'source',
  ),
  plugin_failures_total: counter(
    'What functions of plugins have thrown, by plugin and part: request, response or end of a step, algorithm, key.',
    'plugin',
    'part',
  ),
  plugin_slow_calls_total: counter(
    'Calls of functions of plugins that kept a worker from everything else for more than 20 ms.',
    'plugin',
    'part',
  ),
  files_refused: gauge(
    'Files that were changed and are of no use, so that what they held before goes on (1): those of a certificate, of the tls of a backend, of the client_certificate of a listener, or a database of geo.',
    'owner',
    'name',
  ),
  crl_expiry_timestamp_seconds: gauge(
    'When a list of revoked certificates expires, as seconds since 1970; its clients are refused then.',
    'listener',
    'file',
    'issuer',
  ),
  limit_refusals_total: counter('What limits of the config refused, by where the limit is set.', 'limit'),
  faults_total: counter('Exchanges that ended with a fault, by its code.', 'code'),
  ...DESTINATION_METRICS,
  ...LAYER_4_METRICS,
  accept_stopped: gauge(
    'Whether a process accepts no clients as its descriptors have run short: 1 or 0.',
    'process',
  ),
  accept_stops_total: counter('How often accepting stopped as descriptors ran short.'),
  sockets_info: gauge(
    'Always 1; which sockets a process has is in the labels: io_uring, epoll or bun.',
    'process',
    'kind',
  ),
  sockets_turns_total: counter('Turns of the loop of a process that has sockets of ours.', 'process'),
  sockets_events_total: counter('What the kernel told of sockets in such turns.', 'process'),
  sockets_calls_total: counter(
    'System calls that waited, read, sent or accepted for such sockets.',
    'process',
  ),
  sockets_sends_total: counter(
    'Sends of such sockets: with the one call of a turn (ring), or by a call of their own (direct).',
    'process',
    'how',
  ),
  sockets_ring_requests: gauge('Requests of a ring that are not completed.', 'process'),
  sockets_ring_connections: gauge('Connections and dials of which a ring may have requests.', 'process'),
  sockets_slots_used: gauge('Places for small sends on a ring that are in use.', 'process'),
  sockets_pipes_used: gauge('Pipes that take volume from one socket to another now.', 'process'),
  sockets_pipes_spare: gauge('Such pipes that are empty, and kept.', 'process'),
  sockets_buffers_lent: gauge('Buffers for reading that are handed out.', 'process'),
  sockets_buffers_exhausted_total: counter(
    'How often no buffer for reading was left, so that sockets waited.',
    'process',
  ),
  sockets_accept_pauses_total: counter(
    'How often a listening socket stopped accepting for a while.',
    'process',
  ),
  buffered_bytes: gauge('Bytes held for clients and servers that are slow.', 'process'),
  buffers_full_total: counter(
    'How often the limit of such bytes was reached, so that clients were not read.',
  ),
  acme_tries_total: counter(
    'Tries to get a certificate by ACME, by what became of them: obtained or failed.',
    'certificate',
    'result',
  ),
  acme_on_demand_total: counter(
    'New names that clients asked for, by what was decided: admitted, not_allowed, not_admitted (by who is asked), limit, waits (it failed lately).',
    'certificate',
    'result',
  ),
  config_revision: gauge('Revision of the config that is served.'),
  config_reloads_total: counter('Changes of config, by result: applied or rejected.', 'result'),
  workers: gauge('Worker processes that serve.'),
  worker_restarts_total: counter('Workers that were replaced because they died.'),
  workers_hung_total: counter('Workers that were replaced because they hung.'),
  process_cpu_seconds_total: counter('CPU time, user and system.', 'process'),
  process_resident_memory_bytes: gauge('Resident memory.', 'process'),
  log_lines_dropped_total: counter(
    'Lines of the access log that were dropped: its file, or the reader of its pipe, was too slow, or a write failed.',
  ),
  events_dropped_total: counter(
    'Events that were dropped: nobody read stdout or stderr in time, or a write failed.',
    'process',
  ),
  metric_series_dropped_total: counter(
    'Label sets that were counted as "other" because their metric was full, each time one was asked for.',
    'metric',
  ),
  build_info: gauge('Always 1; what is running is in the labels.', 'version', 'commit', 'bun'),
} as const satisfies Record<string, MetricRow>

export type MetricName = keyof typeof METRICS

/** Most series of a metric; every bucket of a histogram is a series, as in Prometheus. */
export const SERIES_MAX = 20_000

/** Stands for every label value that is outside the closed list, or beyond SERIES_MAX. */
export const LABEL_OTHER = 'other'

/** Stands for a rule, backend, server or status that there was none of. */
export const LABEL_NONE = '-'

const KNOWN_STATUSES = [
  101, 200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 300, 301, 302, 303, 304, 305, 307, 308, 400, 401,
  402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 418, 421, 422, 423, 424,
  425, 426, 428, 429, 431, 451, 499, 500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511,
]
const STATUS_LABELS: ReadonlyMap<number, string> = new Map([
  [0, LABEL_NONE],
  ...KNOWN_STATUSES.map((status) => [status, String(status)] as const),
])

/** The label of a status: itself when it is a known one, "-" for 0 (no answer began), else "other". */
export function statusLabel(status: number): string {
  return STATUS_LABELS.get(status) ?? LABEL_OTHER
}
