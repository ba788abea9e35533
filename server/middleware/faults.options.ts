import { Type, type Static } from '@sinclair/typebox'
import type { Where } from '../config/where.ts'
import { Duration, Instant, MapOf } from '../lib/kinds.ts'
import { FieldPattern } from '../rules/value.options.ts'
import { ModeOption } from './mode.options.ts'

const Percent = (what: string) =>
  Type.Number({
    minimum: 0,
    maximum: 100,
    default: 100,
    description: `So many of a hundred requests ${what}.`,
  })

export const FaultsOptions = Type.Object(
  {
    mode: ModeOption,
    until: Instant({
      description:
        'From then on nothing is done any more: an instant with its zone (RFC 3339), such as 2026-03-01T18:00:00Z. A duration would begin anew with each reload and restart.',
    }),
    header: MapOf(
      'field-name',
      FieldPattern,
      'Of requests with these fields only; all of them must hold. Empty: of all requests of the rule.',
      { default: {} },
    ),
    delay: Type.Optional(
      Type.Object(
        {
          time: Duration({
            least: '1ms',
            most: '25s',
            description: 'They wait so long, before a server is picked. It counts for timeouts.step.',
          }),
          percent: Percent('wait'),
        },
        { description: 'Lets requests wait.', usual: { time: '500ms' } },
      ),
    ),
    abort: Type.Optional(
      Type.Object(
        {
          status: Type.Integer({
            minimum: 400,
            maximum: 599,
            default: 503,
            description: 'What they are answered, with the fault fault_injected.',
          }),
          percent: Percent('are answered so'),
        },
        {
          description: 'Answers requests in place of a server.',
          also: { http_status: 'status', code: 'status' },
        },
      ),
    ),
    reset: Type.Optional(
      Type.Object(
        { percent: Percent('end so') },
        { description: 'Ends the connection of requests without an answer.' },
      ),
    ),
  },
  {
    description:
      'Lets a share of requests wait, fail or break off, to see what clients make of it. No server is asked by those that fail, so neither health nor breakers count them; each kind is drawn for itself, in the order delay, reset, abort.',
    also: { expires: 'until', expiry: 'until', latency: 'delay', headers: 'header' },
    lacks: { percent: 'each kind has its own: abort: { status: 503, percent: 5 }' },
  },
)
export type FaultsConfig = Static<typeof FaultsOptions>

export function checkFaults({ delay, abort, reset }: FaultsConfig, where: Where): void {
  if (delay !== undefined || abort !== undefined || reset !== undefined || where.kindOf([]) !== 'map') return
  if (['delay', 'abort', 'reset'].some((key) => where.kindOf([key]) !== null)) return
  where.report([], {
    code: 'missing-key',
    found: 'none of delay, abort and reset',
    allowed: 'at least one of them',
    hint: 'abort: { status: 503, percent: 5 }',
  })
}
