import { Type, type Static } from '@sinclair/typebox'
import type { Where } from '../config/where.ts'
import { Size } from '../lib/kinds.ts'
import { ModeOption } from './mode.options.ts'
import { ALSO_KEY, keyOptions } from './request-key.options.ts'

const PerSecond = (what: string) =>
  Type.Optional(Size({ least: '256', most: '1GiB', description: `Bytes a second of ${what}.` }))

export const BandwidthLimitOptions = Type.Object(
  {
    mode: ModeOption,
    answers: PerSecond('the bodies of answers, and of what servers send in tunnels (WebSockets)'),
    uploads: PerSecond('the bodies of requests, and of what clients send in tunnels'),
    ...keyOptions('a rate', {
      words: ['request', 'connection'],
      said: 'request (each by itself), connection (of Unix sockets all are one), ',
      default: ['request'],
    }),
    burst: Type.Optional(
      Size({
        least: '1KiB',
        most: '1GiB',
        description:
          'So much may go at once after a pause. Default: what a quarter of a second brings, and at least 16KiB.',
      }),
    ),
    after: Size({
      default: '0',
      most: '1GiB',
      description: 'So much of each body goes first, as fast as it can, and counts for nothing.',
    }),
  },
  {
    description:
      'Lets bodies go no faster: who sends them waits. Of a key all that have it share the rate, over all workers, in turn. In shadow nothing waits, and what would have is counted.',
    usual: { answers: '1MiB' },
    also: {
      rate: 'answers',
      limit_rate: 'answers',
      download: 'answers',
      response: 'answers',
      upload: 'uploads',
      request: 'uploads',
      limit_rate_after: 'after',
      ...ALSO_KEY,
    },
  },
)
export type BandwidthLimitConfig = Static<typeof BandwidthLimitOptions>

export function checkBandwidthLimit({ answers, uploads, key }: BandwidthLimitConfig, where: Where): void {
  const isWritten = (name: string): boolean => where.kindOf([name]) !== null
  if (answers === undefined && uploads === undefined && !isWritten('answers') && !isWritten('uploads'))
    where.report([], {
      code: 'missing-key',
      found: 'neither answers nor uploads',
      allowed: 'bytes a second in at least one of them, such as 1MiB',
    })
  if (key.length > 1 && key.includes('request'))
    where.report(['key'], {
      code: 'conflict',
      found: 'request beside other keys',
      allowed: 'request alone: it is one of each',
    })
}
