// How a server is picked: what the config calls it, and when one wants it.

export interface AlgorithmRow {
  readonly value: string
  readonly label: string
  readonly about: string
}

export const ALGORITHMS: readonly AlgorithmRow[] = [
  row('round_robin', 'In turn, each as often as its weight says.'),
  row(
    'least_connections',
    'The one with the fewest requests in flight for its weight: where requests differ in length.',
  ),
  row('least_response_time', 'The one that answers fastest for what it has in flight.'),
  row(
    'power_of_two',
    'The less busy of two that are drawn: as good as least_connections, and cheaper with many servers.',
  ),
  row('weighted_round_robin', 'The same as round_robin.'),
  row('random', 'One that is drawn; weights are not looked at.'),
  row('weighted_random', 'One that is drawn, each as often as its weight says.'),
  row('ip_hash', 'By the address of the client: the same client comes to the same server.'),
  row('hash', 'By a header, a cookie, the path or the client: the same value comes to the same server.'),
  row('first_available', 'The first of the file that takes requests; the next one only when it cannot.'),
]

function row(value: string, about: string): AlgorithmRow {
  return { value, label: value, about }
}
