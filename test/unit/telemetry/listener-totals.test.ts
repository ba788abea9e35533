import { expect, test } from 'bun:test'
import { Count } from '../../../server/accept/count.ts'
import { ConnectionMeter } from '../../../server/telemetry/connection-meter.ts'
import { listenerTotals } from '../../../server/telemetry/listener-totals.ts'
import { Totals } from '../../../server/telemetry/registry.ts'

test('each protocol tells what its clients have, and what of that failed', () => {
  const totals = new Totals(() => 0)
  for (const [process, open] of [['worker-0', 2] as const, ['worker-1', 1] as const])
    totals.gauge('listener_connections', ['web', process]).set(open)
  totals.counter('listener_connections_total', ['web']).add(9)
  for (const [status, count] of [
    ['200', 5] as const,
    ['404', 2] as const,
    ['502', 3] as const,
    ['-', 1] as const,
  ])
    totals.counter('requests_total', ['web', 'r', 'b', 's', 'GET', status]).add(count)
  totals.counter('listener_connections_total', ['db']).add(4)
  for (const [result, count] of [['done', 3] as const, ['connect_refused', 1] as const])
    totals.counter('tcp_connections_total', ['db', 'b', 's', result]).add(count)
  totals.gauge('udp_flows', ['dns', 'worker-0']).set(2)
  for (const end of ['idle', 'answered', 'refused', 'server_down', 'evicted'])
    totals.counter('udp_flows_total', ['dns', 'b', 's', end]).add(1)
  totals.gauge('turn_allocations', ['relay', 'realm', 'udp']).set(1)
  totals.counter('turn_allocations_total', ['relay', 'realm', 'udp']).add(6)
  for (const code of ['401', '438', '486'])
    totals.counter('turn_faults_total', ['relay', 'realm', code]).add(2)

  const of = (protocol: string): { protocol: string } => ({ protocol })
  const listeners = { web: of('https'), db: of('tcp'), dns: of('udp'), relay: of('turn'), quiet: of('http') }
  const shown = listenerTotals(totals, listeners).map((one) => Object.values(one))
  expect(shown).toEqual([
    ['web', 'https', 'connections', 3, 9, 4],
    ['db', 'tcp', 'connections', 0, 4, 1],
    ['dns', 'udp', 'flows', 2, 7, 2],
    ['relay', 'turn', 'allocations', 1, 6, 2],
    ['quiet', 'http', 'connections', 0, 0, 0],
  ])
})

test('connections are counted with the listener that they are of, also when that is renamed or takes them over', () => {
  const totals = new Totals(() => 0)
  const meter = new ConnectionMeter(totals, 'worker-0')
  const board = { connections() {} }
  const [web, site] = [new Count(board, meter.openOf('web')), new Count(board, meter.openOf('site'))]
  const open = (): Record<string, number> =>
    Object.fromEntries(totals.gaugesOf('listener_connections').map(({ labels, value }) => [labels[0], value]))
  web.came()
  web.came()
  site.takeOver(web)
  expect(open()).toEqual({ web: 1, site: 1 })
  web.meterBy(meter.openOf('front'))
  web.came()
  expect(open()).toEqual({ web: 0, site: 1, front: 2 })
  // Two of one name are one listener.
  const other = new Count(board, meter.openOf('front'))
  other.came()
  web.left()
  other.left()
  expect(open()).toEqual({ web: 0, site: 1, front: 1 })
  expect(totals.counter('listener_connections_total', ['site']).value).toBe(1)
})
