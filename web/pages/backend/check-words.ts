// A health check in a sentence.
import { count, list, spaced } from '../../data/say.ts'
import type { CheckFields } from './backend-fields.ts'

/** “GET /healthz every 10 s (5 s while down) · expects 200-399 within 2 s · down after 3 failures, up after 2 passes” */
export function checkSentence(check: CheckFields): string {
  const { interval = '10s', interval_down: down = '5s', timeout = '2s', rise = 2, fall = 3 } = check
  const port = typeof check['port'] === 'number' ? check['port'] : null
  const at = port === null ? '' : ` at port ${port}`
  const host = typeof check['host'] === 'string' ? ` of ${check['host']}` : ''
  const asks =
    check.type === 'tcp'
      ? `A connection${at}`
      : check.type === 'udp'
        ? `A datagram${at}`
        : `${check.method ?? 'GET'} ${check.path ?? '/'}${host}${at}`
  const status = check.expect?.['status']
  const expected =
    Array.isArray(status) && check.type !== 'tcp' && check.type !== 'udp'
      ? ` ${list(status.map(String))}`
      : ' an answer'
  return [
    `${asks} every ${spaced(interval)}${down === interval ? '' : ` (${spaced(down)} while down)`}`,
    `expects${check.type === 'tcp' && check.expect?.['data'] === undefined ? ' it to stand' : expected} within ${spaced(timeout)}`,
    `down after ${count(fall, 'failure')}, up after ${count(rise, 'pass', 'passes')}`,
  ].join(' · ')
}
