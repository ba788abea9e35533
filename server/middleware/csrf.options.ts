import { Type, type Static } from '@sinclair/typebox'
import type { Where } from '../config/where.ts'
import { Words } from '../lib/kinds.ts'
import { ModeOption } from './mode.options.ts'
import { checkOrigins, OriginOptions, takesAll } from './origins.options.ts'

export const CsrfOptions = Type.Object(
  {
    mode: ModeOption,
    trusted: Type.Array(OriginOptions, {
      default: [],
      maxItems: 1000,
      description: 'Other origins whose pages may send what changes something.',
    }),
    upgrades: Words(['check', 'pass'], {
      default: 'check',
      description:
        'WebSockets and other upgrades: browsers open them for pages of any origin, with the cookies of this site. pass: they are as any GET.',
    }),
  },
  {
    description:
      'Refuses with 403 what pages of other origins have a browser send with the cookies of this site, by Sec-Fetch-Site and Origin, which pages cannot forge. GET, HEAD, OPTIONS and QUERY pass, and so does whoever is no browser.',
    also: { trusted_origins: 'trusted', origins: 'trusted', allowed_origins: 'trusted', allow: 'trusted' },
    lacks: {
      exempt: 'give those paths a rule of their own before this one, without csrf',
      cookie: 'no token is needed: browsers say who sends',
      secret: 'no token is needed: browsers say who sends',
    },
  },
)
export type CsrfConfig = Static<typeof CsrfOptions>

export function checkCsrf({ trusted }: CsrfConfig, where: Where): void {
  checkOrigins(trusted, 'trusted', where)
  for (const [place, words] of trusted.entries()) {
    if (!takesAll(words) && words !== 'null') continue
    where.report(['trusted', place], {
      code: 'conflict',
      found: words === 'null' ? '"null"' : typeof words === 'string' ? '"*"' : 'a pattern that all fit',
      allowed: 'origins that are named',
      hint:
        words === 'null' ? 'any page can make itself one without an origin' : 'leave the step out instead',
    })
  }
}
