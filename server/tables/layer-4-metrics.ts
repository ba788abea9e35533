// The metrics of listeners that know no requests: tcp, udp and turn. Data only.
import { counter, gauge } from './metric-row.ts'

export const LAYER_4_METRICS = {
  tcp_connections_total: counter(
    'Connections of tcp listeners that ended, by result: done, or the code of their fault.',
    'listener',
    'backend',
    'server',
    'result',
  ),
  tcp_bytes_total: counter(
    'Bytes of tcp listeners received from clients (in) and sent to them (out).',
    'listener',
    'backend',
    'server',
    'direction',
  ),
  turn_allocations: gauge(
    'TURN allocations, by the transport of their clients: udp, tcp or tls.',
    'listener',
    'realm',
    'transport',
  ),
  turn_allocations_total: counter('TURN allocations that began.', 'listener', 'realm', 'transport'),
  turn_allocations_ended_total: counter(
    'TURN allocations that ended, by why.',
    'listener',
    'realm',
    'reason',
  ),
  turn_bytes_total: counter(
    'Bytes relayed from clients (to_peer) and to them (to_client), without headers.',
    'listener',
    'realm',
    'direction',
  ),
  turn_packets_total: counter(
    'Datagrams and messages relayed from clients (to_peer) and to them (to_client).',
    'listener',
    'realm',
    'direction',
  ),
  turn_dropped_total: counter('What was not relayed or not answered, by why.', 'listener', 'reason'),
  turn_requests_total: counter('STUN and TURN requests, by method.', 'listener', 'method'),
  turn_faults_total: counter(
    'STUN and TURN requests answered with an error, by its code.',
    'listener',
    'realm',
    'code',
  ),
  turn_refused_peers_total: counter(
    'Peers that clients asked for and were refused, by what the address is.',
    'listener',
    'reason',
  ),
  turn_connections: gauge('Open client connections (TCP and TLS) of TURN.', 'listener'),
  turn_relay_restarts_total: counter('TURN relays that were replaced because they died.'),
  udp_flows: gauge('Flows of udp listeners.', 'listener', 'process'),
  udp_flows_total: counter(
    'Flows that ended, by why: idle, answered, complete, refused, server_down, evicted or stopped.',
    'listener',
    'backend',
    'server',
    'end',
  ),
  udp_datagrams_total: counter(
    'Datagrams that flows took from clients (in) and from servers (out).',
    'listener',
    'direction',
  ),
  udp_bytes_total: counter('Bytes of those.', 'listener', 'direction'),
  udp_dropped_total: counter('Datagrams that were not passed on, by why.', 'listener', 'reason'),
} as const
