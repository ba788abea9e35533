import { Type, type Static } from '@sinclair/typebox'
import type { Where } from '../config/where.ts'
import { Cidr } from '../lib/kinds.ts'
import { ModeOption } from './mode.options.ts'

export const IpOptions = Type.Object(
  {
    mode: ModeOption,
    allow: Type.Array(Cidr({ description: 'A range.', takesUnix: true }), {
      default: [],
      description: 'Only these clients pass. Empty: all.',
    }),
    deny: Type.Array(Cidr({ description: 'A range.', takesUnix: true }), {
      default: [],
      description: 'These do not pass, even when allowed above.',
    }),
  },
  {
    description:
      'Lets clients in by address; others get 403, and so does one whose address cannot be read of what its proxy says.',
  },
)
export type IpConfig = Static<typeof IpOptions>

export function checkIp({ allow, deny }: IpConfig, where: Where): void {
  if (allow.length + deny.length > 0 || !isEmpty(where)) return
  where.report([], {
    code: 'missing-key',
    found: 'neither allow nor deny',
    allowed: 'ranges in at least one of them',
    hint: 'remove the step to let everybody in',
  })
}

/** Not when something is wrong with what was written there. */
const isEmpty = (where: Where): boolean =>
  where.kindOf([]) === 'map' && ['allow', 'deny'].every((key) => (where.kindOf([key]) ?? 'list') === 'list')
